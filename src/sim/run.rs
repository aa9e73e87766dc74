//! Runs one simulation, on a thread of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::rc::{Rc, Weak};
use std::thread;

use madsim::Config;
use madsim::runtime::{Handle, Runtime};

use super::driver::drive;
use super::error::validate;
use super::recording::Slot;
use super::world::{End, World};
use super::{Recording, SimError, SimOptions, Watch};
use crate::base::{NodeId, SIMULATION_THREAD, SimDuration, SimTime};
use crate::host::{Host, Task};
use crate::record::Row;

/// Gives each life of each node what it runs first.
pub type Boot = Box<dyn Fn(Host) -> Task>;

/// The stack of a simulation's thread: chains of operators call each other deeply.
const STACK: usize = 64 << 20;

/// What a run comes to.
pub struct SimOutcome<R> {
    /// The recorder, with all that it was told.
    pub recorder: R,
    /// How long the run took, in simulated time.
    pub virtual_time: SimTime,
    /// How many control events it had.
    pub events: u64,
    /// Why it ended.
    pub end: End,
    /// Faults and notes that never had their moment, or nothing to act on, in words.
    pub vacuous: Vec<String>,
    /// All rows that became visible, by sink, in the order in which they did.
    pub sinks: BTreeMap<String, Vec<Row>>,
    /// How long latency markers were on their way, by sink, in the order of their arrival.
    pub latencies: BTreeMap<String, Vec<SimDuration>>,
}

/// Ends the run. Whatever runs in it says through this that it is done.
#[derive(Clone)]
pub struct Stop(Rc<RefCell<Weak<World>>>);

impl Stop {
    /// Ends the run now: nothing that is tried from here on happens.
    pub fn stop(&self) {
        let world = self.0.borrow().upgrade();
        if let Some(world) = world {
            world.finish(End::Stopped);
        }
    }
}

/// Runs a simulation to its end. `setup` is called once, on the simulation's thread; what it
/// returns is called at each start of a node.
///
/// # Errors
///
/// When the options describe no possible world, and when the code of a node panics.
pub fn run<R, S>(
    options: SimOptions,
    recorder: R,
    watch: Watch,
    setup: S,
) -> Result<SimOutcome<R>, SimError>
where
    R: Recording + Send + 'static,
    S: FnOnce(Stop) -> Boot + Send,
{
    validate(&options)?;
    thread::scope(|scope| {
        let thread = thread::Builder::new().name(SIMULATION_THREAD.to_owned()).stack_size(STACK);
        let running = thread
            .spawn_scoped(scope, move || run_here(options, recorder, watch, setup))
            .expect("the system can give a simulation a thread");
        running.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

fn run_here<R, S>(
    options: SimOptions,
    recorder: R,
    watch: Watch,
    setup: S,
) -> Result<SimOutcome<R>, SimError>
where
    R: Recording + 'static,
    S: FnOnce(Stop) -> Boot,
{
    let runtime = Runtime::with_seed_and_config(options.seed.0, Config::default());
    let slot = Rc::new(RefCell::new(Slot(Some(recorder))));
    runtime.block_on(async move {
        let stop = Stop(Rc::default());
        let boot = setup(stop.clone());
        let world = Rc::new(World::new(options, boot, Handle::current(), slot.clone(), watch));
        *stop.0.borrow_mut() = Rc::downgrade(&world);
        world.enter();
        world.atomically(|| {
            for place in 0..world.names.len() {
                world.start(NodeId(place as u16));
            }
        });
        drive(&world).await;
        let virtual_time = world.now();
        world.shut_down();
        // Killed tasks are dropped when they are next due, which is now; without this the
        // executor would never free them.
        #[expect(clippy::disallowed_methods, reason = "no node is alive that has a clock")]
        madsim::time::sleep(SimDuration::from_millis(1)).await;
        let recorder = slot.borrow_mut().0.take().expect("only the end takes the recorder");
        let end = world.end().expect("the driver returns when the run is over");
        if let End::Panicked { node, message } = end {
            return Err(SimError::Panicked { node: node.to_string(), message });
        }
        let vacuous = world.triggers.borrow().vacuous(&world.options);
        let (sinks, latencies) = (world.sinks.take(), world.latencies.take());
        let events = world.events();
        Ok(SimOutcome { recorder, virtual_time, events, end, vacuous, sinks, latencies })
    })
}
