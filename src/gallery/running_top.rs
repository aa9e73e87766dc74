//! The best sold products of each department, at any moment.
//!
//! Map state holds what each product of a department has sold. After every sale the function says
//! which ranks have changed, so that whoever keeps the last word of each rank has the list.

use serde::{Deserialize, Serialize};

use super::flights::source_options;
use super::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, numbers};
use crate::api::{Program, StreamExecutionEnvironment};
use crate::operator::{KeyedContext, KeyedOpenContext, KeyedProcessFunction};
use crate::record::{Collector, Failure};
use crate::state::{ListState, ListStateDescriptor, MapState, MapStateDescriptor};

const TOP: [&str; 4] = ["department", "rank", "product", "sold"];
const DEPARTMENTS: [&str; 3] = ["books", "music", "tools"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let about = "The best sold products of each department, at any moment.";
    GalleryJob::new("running-top", about, running_top)
        .argument("count", ArgumentKind::Integer, "how many sales there are")
        .optional("top", ArgumentValue::Integer(3), "how many products are named")
        .optional(
            "rate",
            ArgumentValue::Float(100.0),
            "sales per second of simulated time; 0 for as fast as they can be processed",
        )
        .sink("top", &TOP)
        .sink("changes", &TOP)
}

/// So many pieces of a product are sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sale {
    department: String,
    product: String,
    pieces: u64,
}

/// Made up, with favourites that change over time: some remainders are more frequent than others.
fn sale(number: u64) -> Sale {
    let department = DEPARTMENTS[(number % 3) as usize];
    Sale {
        department: department.to_string(),
        product: format!("{department}-{}", number * (number + 1) % 23 % 7),
        pieces: number * number % 4 + number % 3 + 1,
    }
}

fn running_top(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("running-top");
    let top = usize::try_from(arguments.integer("top")?).ok().filter(|top| *top > 0);
    let top = top.ok_or_else(|| ArgumentError::new("top", "at least one product is named"))?;
    let count = numbers::count(arguments)?;
    let ranking = Ranking { top, sold: MapState::default(), said: ListState::default() };
    let changes = env
        .from_generator("sales", count, source_options(arguments)?, sale)
        .uid("sales")
        .parallelism(1)
        .key_by_field(|sale| &sale.department)
        .process(ranking)
        .uid("ranking");
    changes.upsert_to("top", TOP, 2);
    changes.write_to("changes", TOP);
    super::finish(&env)
}

/// See the module.
#[derive(Clone)]
struct Ranking {
    top: usize,
    /// How many pieces of each product were sold.
    sold: MapState<String, u64>,
    /// What was last said of each rank.
    said: ListState<Place>,
}

/// Who has a rank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    department: String,
    rank: u64,
    product: String,
    sold: u64,
}

impl KeyedProcessFunction<String, Sale> for Ranking {
    type Out = Place;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, String>) -> Result<(), Failure> {
        self.sold = context.state(MapStateDescriptor::new("sold"))?;
        self.said = context.state(ListStateDescriptor::new("said"))?;
        Ok(())
    }

    fn process_element(
        &mut self,
        Sale { department, product, pieces }: Sale,
        context: &mut KeyedContext<'_, String>,
        out: &mut Collector<Place>,
    ) -> Result<(), Failure> {
        *self.sold.value_or_insert_with(context.state(), &product, || 0)? += pieces;
        let mut sold = self.sold.entries(context.state())?;
        // Entries come in the order of products, which decides between equals.
        sold.sort_by_key(|(_, sold)| std::cmp::Reverse(*sold));
        sold.truncate(self.top);
        let place = |(rank, (product, sold))| {
            let department = department.clone();
            Place { department, rank, product, sold }
        };
        let places: Vec<_> = (1..).zip(sold).map(place).collect();
        let said: Vec<_> = self.said.get(context.state())?.cloned().collect();
        for (index, place) in places.iter().enumerate() {
            if said.get(index) != Some(place) {
                out.collect(place.clone());
            }
        }
        self.said.update(context.state(), places)?;
        Ok(())
    }
}
