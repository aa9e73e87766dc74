//! Operator state through snapshots and changes of parallelism.

use weir::state::operator_state::{
    BroadcastState, OperatorListState, OperatorSnapshot, OperatorStateBackend, OperatorStateHandle,
    OperatorStateRepartitioner, RoundRobinOperatorStateRepartitioner,
};
use weir::state::{ListStateDescriptor, MapStateDescriptor, StateError};

struct Subtask {
    backend: OperatorStateBackend,
    offsets: OperatorListState<String>,
    readers: OperatorListState<u16>,
    rules: BroadcastState<u8, String>,
}

impl Subtask {
    fn open(mut backend: OperatorStateBackend) -> Result<Self, StateError> {
        let offsets = backend.list_state(&ListStateDescriptor::new("offsets"))?;
        let readers = backend.union_list_state(&ListStateDescriptor::new("readers"))?;
        let rules = backend.broadcast_state(&MapStateDescriptor::new("rules"))?;
        Ok(Self { backend, offsets, readers, rules })
    }
}

/// Starts anew with so many subtasks.
fn rescale(old: &[Subtask], parallelism: usize) -> Vec<Subtask> {
    let stored = old.iter().map(|subtask| subtask.backend.snapshot().unwrap().to_bytes());
    let stored: Vec<Vec<u8>> = stored.collect();
    let read = |bytes: &Vec<u8>| OperatorSnapshot::from_bytes(bytes).unwrap();
    let handles = stored.iter().enumerate();
    let handles: Vec<_> =
        handles.map(|(place, bytes)| vec![read(bytes).handle(place.to_string())]).collect();
    let assigned = RoundRobinOperatorStateRepartitioner.repartition(&handles, parallelism);
    let start = |handles: Vec<OperatorStateHandle>| {
        let mut backend = OperatorStateBackend::new();
        for handle in handles {
            let place: usize = handle.handle.parse().unwrap();
            backend.restore(&read(&stored[place]), &handle).unwrap();
        }
        Subtask::open(backend).unwrap()
    };
    assigned.into_iter().map(start).collect()
}

#[test]
fn rescaling_deals_out_lists_and_copies_the_rest() {
    let mut subtasks = vec![];
    for index in 0..2u16 {
        let mut subtask = Subtask::open(OperatorStateBackend::new()).unwrap();
        let Subtask { backend, offsets, readers, rules } = &mut subtask;
        for split in 0..3 {
            offsets.add(backend, format!("{index}.{split}")).unwrap();
        }
        readers.add(backend, index).unwrap();
        rules.put(backend, 1, "first".to_string()).unwrap();
        rules.put(backend, 2, "second".to_string()).unwrap();
        subtasks.push(subtask);
    }
    let mut shown = Vec::new();
    for parallelism in [3, 1, 4, 4] {
        subtasks = rescale(&subtasks, parallelism);
        let lists = subtasks.iter().map(|it| it.offsets.get(&it.backend).unwrap().join(" "));
        shown.push(lists.collect::<Vec<_>>().join(" | "));
        for Subtask { backend, readers, rules, .. } in &mut subtasks {
            let union = readers.get(backend).unwrap().to_vec();
            assert!(union.contains(&0) && union.contains(&1), "{union:?}");
            // As sources do: what others have is not kept twice.
            readers.update(backend, [0, 1]).unwrap();
            let rules = rules.read_only();
            assert_eq!(rules.entries(backend).unwrap().len(), 2);
            assert_eq!(rules.get(backend, &2).unwrap().unwrap(), "second");
            assert!(!rules.contains(backend, &3).unwrap());
        }
    }
    insta::assert_snapshot!(shown.join("\n"), @r"
    0.0 0.1 | 0.2 1.0 | 1.1 1.2
    0.0 0.1 0.2 1.0 1.1 1.2
    0.0 0.1 | 0.2 1.0 | 1.1 | 1.2
    0.0 0.1 | 0.2 1.0 | 1.1 | 1.2
    ");
}

#[test]
fn a_name_has_one_mode_and_one_type() {
    let mut subtask = Subtask::open(OperatorStateBackend::new()).unwrap();
    subtask.offsets.add(&mut subtask.backend, "a".to_string()).unwrap();
    let snapshot = subtask.backend.snapshot().unwrap();
    let backend = &mut subtask.backend;
    let mut changed = OperatorStateBackend::new();
    changed.restore(&snapshot, &snapshot.handle("0")).unwrap();
    let told = [
        backend.list_state(&ListStateDescriptor::<u8>::new("offsets")).unwrap_err().to_string(),
        backend
            .union_list_state(&ListStateDescriptor::<String>::new("offsets"))
            .unwrap_err()
            .to_string(),
        changed.list_state(&ListStateDescriptor::<u8>::new("offsets")).unwrap_err().to_string(),
        subtask.offsets.get(&OperatorStateBackend::new()).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    state "offsets" is registered with split elements of text and cannot have split elements of u8 too
    state "offsets" is registered with split elements of text and cannot have union elements of text too
    state "offsets" cannot be restored: it was text and is u8
    state "offsets" is not registered; register its descriptor when the operator opens
    "#);
    assert_eq!(changed.snapshot().unwrap().handle("0").states["offsets"].offsets.len(), 1);
}
