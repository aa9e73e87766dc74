//! What a program is told when it starts (Flink's `ParameterTool`): by a command line, a file of
//! properties, or the environment.
//!
//! All values are texts until they are asked for. A getter without a default names its parameter as
//! required; one with a default fails all the same if what was given is of another type, since a
//! default must not hide a mistake.
//!
//! Previous: whoever starts the program. Next: the program, which builds its
//! [`StreamExecutionEnvironment`](super::StreamExecutionEnvironment) with them. What is not a text
//! is asked for in `parameter_types`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use super::{ParameterError, ParameterKind, properties};
use crate::base::suggest::nearest;
use crate::connector::{DataError, FileError};

/// The parameters of a program, by name. User functions may keep a copy.
///
/// ```
/// use weir::api::ParameterTool;
///
/// let file = ParameterTool::from_properties_str("input = words.txt\nparallelism = 2\n")?;
/// let line = ["--parallelism", "4", "--offset", "-3", "--verbose"]; // std::env::args().skip(1)
/// let parameters = file.merge_with(&ParameterTool::from_args(line)?);
/// assert_eq!(parameters.get_required("input")?, "words.txt");
/// assert_eq!(parameters.get_int_or("parallelism", 1)?, 4);
/// assert_eq!(parameters.get_long("offset")?, -3);
/// assert!(parameters.get_boolean_or("verbose", false)?);
/// parameters.refuse_unrequested()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Unlike Flink: a flag, which is a key without a value, has no value. There its value is the text
/// `__NO_VALUE_KEY`, of which `getBoolean` makes `false`.
#[derive(Debug, Default)]
pub struct ParameterTool {
    /// Flags have no value.
    values: BTreeMap<String, Option<String>>,
    /// The names that were asked for, whether they are there or not. All of it happens in one
    /// thread; the lock is there because functions are `Sync`.
    requested: Mutex<BTreeSet<String>>,
}

/// A copy knows what was asked for so far, and goes its own way from then on.
impl Clone for ParameterTool {
    fn clone(&self) -> Self {
        let requested = self.requested.lock().expect("nothing panics while it holds this").clone();
        Self { values: self.values.clone(), requested: Mutex::new(requested) }
    }
}

impl ParameterTool {
    fn new(values: BTreeMap<String, Option<String>>) -> Self {
        Self { values, requested: Mutex::default() }
    }

    /// What a command line says: `--key value` or `-key value`, and `--flag` where the next
    /// argument is a key or there is none. A negative number is a value. Of a key that is there
    /// twice, the last one counts.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let parameters = ParameterTool::from_args(["-input", "a.txt", "--shift", "-2", "--dry"])?;
    /// assert_eq!(parameters.get("input"), Some("a.txt"));
    /// assert_eq!(parameters.get("shift"), Some("-2"));
    /// assert!(parameters.has("dry"));
    /// assert!(ParameterTool::from_args(["a.txt"]).is_err());
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If there is something else where a key should be.
    pub fn from_args(
        args: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, ParameterError> {
        let mut values = BTreeMap::new();
        let mut args = args.into_iter().map(Into::<String>::into).peekable();
        while let Some(token) = args.next() {
            let key = token.strip_prefix("--").or_else(|| token.strip_prefix('-'));
            let key = key.unwrap_or_default().to_string();
            if key.is_empty() {
                return Err(ParameterError::NotAKey { token });
            }
            let value = args.next_if(|next| !next.starts_with('-') || is_negative_number(next));
            values.insert(key, value);
        }
        Ok(Self::new(values))
    }

    /// What a file of properties says, which is read now (see [`Self::from_properties_str`]).
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let file = tempfile::NamedTempFile::new()?;
    /// std::fs::write(&file, "input = words.txt\n")?;
    /// let parameters = ParameterTool::from_properties_file(&file)?;
    /// assert_eq!(parameters.get("input"), Some("words.txt"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be read or is not UTF-8, or an escape in it makes no sense; the error
    /// tells where.
    pub fn from_properties_file(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let path = path.as_ref().display().to_string();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) => return Err(FileError::Unreadable { path, cause }),
        };
        Self::from_properties_str(&text).map_err(|cause| FileError::Malformed { path, cause })
    }

    /// What a text in Java's format for properties says.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let parameters = ParameterTool::from_properties_str(
    ///     r"
    ///     ! where from
    ///     input = words.txt, \
    ///             more.txt
    ///     key\ with\ blanks : caf\u00e9
    ///     ",
    /// )?;
    /// assert_eq!(parameters.get("input"), Some("words.txt, more.txt"));
    /// assert_eq!(parameters.get("key with blanks"), Some("café"));
    /// # Ok::<(), weir::connector::DataError>(())
    /// ```
    ///
    /// # Errors
    /// If an escape makes no sense; the error tells in which line.
    pub fn from_properties_str(text: &str) -> Result<Self, DataError> {
        properties::parse(text).map(Self::from_map)
    }

    /// These values by their names. Of a name that is there twice, the last one counts.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let parameters = ParameterTool::from_map([("input", "words.txt"), ("rate", "10")]);
    /// assert_eq!(parameters.get("rate"), Some("10"));
    /// ```
    pub fn from_map(
        values: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let values = values.into_iter();
        Self::new(values.map(|(key, value)| (key.into(), Some(value.into()))).collect())
    }

    /// What variables of the environment say, under their own names. The caller reads them, such as
    /// by `std::env::vars()`: nothing in a run asks the real world.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let variables = [("HOME", "/root"), ("WORDS_INPUT", "words.txt")]; // std::env::vars()
    /// let of_ours = variables
    ///     .into_iter()
    ///     .filter_map(|(name, value)| Some((name.strip_prefix("WORDS_")?.to_lowercase(), value)));
    /// let parameters = ParameterTool::from_environment(of_ours);
    /// assert_eq!(parameters.get("input"), Some("words.txt"));
    /// assert_eq!(parameters.number_of_parameters(), 1);
    /// ```
    pub fn from_environment(
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        Self::from_map(variables)
    }

    /// The parameters of both. Where both have one, that of `other` counts; what was asked for of
    /// either need not be asked for again.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let defaults = ParameterTool::from_map([("rate", "10"), ("seed", "7")]);
    /// let merged = defaults.merge_with(&ParameterTool::from_map([("rate", "20")]));
    /// assert_eq!((merged.get("rate"), merged.get("seed")), (Some("20"), Some("7")));
    /// ```
    #[must_use]
    pub fn merge_with(&self, other: &Self) -> Self {
        let mut merged = Self::default();
        for tool in [self, other] {
            merged.values.extend(tool.values.clone());
            let requested = tool.requested.lock().expect("nothing panics while it holds this");
            // What one was asked for in vain may be what the other gives: that is still unread.
            let read = requested.iter().filter(|key| tool.values.contains_key(*key)).cloned();
            merged.requested.get_mut().expect("nobody else has it").extend(read);
        }
        merged
    }

    /// Whether a parameter is given, with a value or as a flag.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let parameters = ParameterTool::from_args(["--verbose"])?;
    /// assert!(parameters.has("verbose") && !parameters.has("input"));
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    pub fn has(&self, key: &str) -> bool {
        self.request(key).is_some()
    }

    /// The value of a parameter; none if it is not given or is a flag.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let parameters = ParameterTool::from_args(["--input", "words.txt", "--verbose"])?;
    /// assert_eq!(parameters.get("input"), Some("words.txt"));
    /// assert_eq!(parameters.get("verbose"), None);
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    pub fn get(&self, key: &str) -> Option<&str> {
        self.request(key)?.as_deref()
    }

    /// The value of a parameter; `default` if it has none.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let parameters = ParameterTool::default();
    /// assert_eq!(parameters.get_or("input", "words.txt"), "words.txt");
    /// ```
    pub fn get_or<'a>(&'a self, key: &str, default: &'a str) -> &'a str {
        self.get(key).unwrap_or(default)
    }

    /// The value of a parameter that must be given.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let parameters = ParameterTool::from_map([("inptu", "words.txt")]);
    /// let error = parameters.get_required("input").unwrap_err();
    /// let hint = "the parameter `input` is required; was `inptu` meant to be it?";
    /// assert_eq!(error.to_string(), hint);
    /// ```
    ///
    /// # Errors
    /// If it is not given or is a flag.
    pub fn get_required(&self, key: &str) -> Result<&str, ParameterError> {
        match self.request(key) {
            Some(Some(value)) => Ok(value),
            Some(None) => {
                let expected = ParameterKind::Text;
                Err(ParameterError::NoValue { key: key.to_string(), expected })
            }
            None => Err(self.missing(key)),
        }
    }

    /// How many parameters are given.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let parameters = ParameterTool::from_args(["--rate", "10", "--verbose", "--rate", "20"])?;
    /// assert_eq!(parameters.number_of_parameters(), 2);
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    pub fn number_of_parameters(&self) -> usize {
        self.values.len()
    }

    /// The names of those that are given, in order. To see them is not to ask for them.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let parameters = ParameterTool::from_map([("seed", "7"), ("rate", "10")]);
    /// assert!(parameters.keys().eq(["rate", "seed"]));
    /// ```
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The names of those that are given and that nobody has asked for so far, in order.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let parameters = ParameterTool::from_map([("seed", "7"), ("rate", "10")]);
    /// parameters.get("rate");
    /// assert_eq!(parameters.unrequested_parameters(), ["seed"]);
    /// ```
    pub fn unrequested_parameters(&self) -> Vec<&str> {
        let requested = self.requested.lock().expect("nothing panics while it holds this");
        self.keys().filter(|key| !requested.contains(*key)).collect()
    }

    /// Refuses parameters that nobody has asked for. A program that calls it when it has asked for
    /// all of its own does not take a slip for something that was left out.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let parameters = ParameterTool::from_args(["--paralelism", "4"])?;
    /// assert_eq!(parameters.get_int_or("parallelism", 1)?, 1);
    /// assert_eq!(
    ///     parameters.refuse_unrequested().unwrap_err().to_string(),
    ///     "nothing asks for the parameter `paralelism`; did you mean `parallelism`?"
    /// );
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If there is one; it names the first.
    pub fn refuse_unrequested(&self) -> Result<(), ParameterError> {
        let Some(&key) = self.unrequested_parameters().first() else { return Ok(()) };
        let requested = self.requested.lock().expect("nothing panics while it holds this");
        let in_vain = requested.iter().filter(|name| !self.values.contains_key(*name));
        let near = nearest(key, in_vain.map(String::as_str)).map(str::to_string);
        Err(ParameterError::Unrequested { key: key.to_string(), near })
    }

    /// Whether a parameter is given, and its value if it is no flag. It counts as asked for.
    pub(super) fn request(&self, key: &str) -> Option<&Option<String>> {
        let mut requested = self.requested.lock().expect("nothing panics while it holds this");
        if !requested.contains(key) {
            requested.insert(key.to_string());
        }
        drop(requested);
        self.values.get(key)
    }

    /// Those that were asked for are what they are called; another one may be a slip.
    pub(super) fn missing(&self, key: &str) -> ParameterError {
        let near = nearest(key, self.unrequested_parameters()).map(str::to_string);
        ParameterError::Missing { key: key.to_string(), near }
    }
}

/// Whether a token that begins with `-` is a value all the same.
fn is_negative_number(token: &str) -> bool {
    // The first character decides: Rust also takes `inf` and `nan` for numbers.
    token.strip_prefix('-').is_some_and(|number| {
        number.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && number.parse::<f64>().is_ok()
    })
}
