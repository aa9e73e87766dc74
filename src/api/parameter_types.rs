//! Parameters that are not texts: what their values are read as.
//!
//! Previous: [`ParameterTool`], which has them as texts.

use std::time::Duration;

use super::{ParameterError, ParameterKind, ParameterTool};

/// What a value can be read as.
trait Parameter: Sized {
    /// What errors call it.
    const KIND: ParameterKind;
    /// What a flag stands for, if for anything.
    const FLAG: Option<Self> = None;
    /// The value, if it can be read so.
    fn read(value: &str) -> Option<Self>;
}

impl Parameter for i32 {
    const KIND: ParameterKind = ParameterKind::Int;

    fn read(value: &str) -> Option<Self> {
        value.parse().ok()
    }
}

impl Parameter for i64 {
    const KIND: ParameterKind = ParameterKind::Long;

    fn read(value: &str) -> Option<Self> {
        value.parse().ok()
    }
}

impl Parameter for f64 {
    const KIND: ParameterKind = ParameterKind::Double;

    fn read(value: &str) -> Option<Self> {
        value.parse().ok()
    }
}

/// Unlike Flink: whatever is neither `true` nor `false` is an error, and not `false`.
impl Parameter for bool {
    const KIND: ParameterKind = ParameterKind::Boolean;
    const FLAG: Option<Self> = Some(true);

    fn read(value: &str) -> Option<Self> {
        // As in Java, whatever the case.
        value.to_ascii_lowercase().parse().ok()
    }
}

/// Unlike Flink, whose configuration takes a number without a unit for milliseconds: a quantity has
/// its unit, as in scenarios.
impl Parameter for Duration {
    const KIND: ParameterKind = ParameterKind::Duration;

    fn read(value: &str) -> Option<Self> {
        let (number, unit) =
            value.split_at(value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len()));
        let nanos = match unit.trim_start() {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "min" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(nanos).map(Self::from_nanos)
    }
}

impl ParameterTool {
    /// A parameter that must be given, as a whole number of 32 bits.
    ///
    /// ```
    /// use weir::api::ParameterTool;
    ///
    /// let parameters = ParameterTool::from_args(["--shift", "-2", "--rate", "fast"])?;
    /// assert_eq!(parameters.get_int("shift")?, -2);
    /// assert!(parameters.get_int("rate").is_err());
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If it is not given or no such number.
    pub fn get_int(&self, key: &str) -> Result<i32, ParameterError> {
        self.required(key)
    }

    /// A parameter as a whole number of 32 bits; `default` if it is not given.
    ///
    /// ```
    /// # let parameters = weir::api::ParameterTool::default();
    /// assert_eq!(parameters.get_int_or("parallelism", 2)?, 2);
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If it is given and no such number.
    pub fn get_int_or(&self, key: &str, default: i32) -> Result<i32, ParameterError> {
        Ok(self.parsed(key)?.unwrap_or(default))
    }

    /// A parameter that must be given, as a whole number of 64 bits.
    ///
    /// ```
    /// # let parameters = weir::api::ParameterTool::from_map([("records", "5000000000")]);
    /// assert_eq!(parameters.get_long("records")?, 5_000_000_000);
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If it is not given or no such number.
    pub fn get_long(&self, key: &str) -> Result<i64, ParameterError> {
        self.required(key)
    }

    /// A parameter as a whole number of 64 bits; `default` if it is not given.
    ///
    /// ```
    /// # let parameters = weir::api::ParameterTool::default();
    /// assert_eq!(parameters.get_long_or("records", 1_000)?, 1_000);
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If it is given and no such number.
    pub fn get_long_or(&self, key: &str, default: i64) -> Result<i64, ParameterError> {
        Ok(self.parsed(key)?.unwrap_or(default))
    }

    /// A parameter that must be given, as a number.
    ///
    /// ```
    /// # let parameters = weir::api::ParameterTool::from_map([("rate", "2.5e3")]);
    /// assert_eq!(parameters.get_double("rate")?, 2_500.0);
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If it is not given or no number.
    pub fn get_double(&self, key: &str) -> Result<f64, ParameterError> {
        self.required(key)
    }

    /// A parameter as a number; `default` if it is not given.
    ///
    /// ```
    /// # let parameters = weir::api::ParameterTool::default();
    /// assert_eq!(parameters.get_double_or("rate", 0.5)?, 0.5);
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If it is given and no number.
    pub fn get_double_or(&self, key: &str, default: f64) -> Result<f64, ParameterError> {
        Ok(self.parsed(key)?.unwrap_or(default))
    }

    /// A parameter that must be given, as `true` or `false`; a flag is `true`.
    ///
    /// ```
    /// # let parameters = weir::api::ParameterTool::from_map([("chaining", "false")]);
    /// assert!(!parameters.get_boolean("chaining")?);
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If it is not given or neither of them.
    pub fn get_boolean(&self, key: &str) -> Result<bool, ParameterError> {
        self.required(key)
    }

    /// A parameter as `true` or `false`; a flag is `true`, and `default` counts if it is not given.
    ///
    /// ```
    /// # let parameters = weir::api::ParameterTool::from_args(["--verbose"])?;
    /// assert!(parameters.get_boolean_or("verbose", false)?);
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If it is given and neither of them.
    pub fn get_boolean_or(&self, key: &str, default: bool) -> Result<bool, ParameterError> {
        Ok(self.parsed(key)?.unwrap_or(default))
    }

    /// A parameter that must be given, as a span of time: a whole number with its unit, which is
    /// one of ns, us, ms, s, min, h and d.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let parameters = weir::api::ParameterTool::from_map([("window", "5min")]);
    /// assert_eq!(parameters.get_duration("window")?, Duration::from_secs(300));
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If it is not given or no such span.
    pub fn get_duration(&self, key: &str) -> Result<Duration, ParameterError> {
        self.required(key)
    }

    /// A parameter as a span of time; `default` if it is not given.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let parameters = weir::api::ParameterTool::default();
    /// let minute = Duration::from_secs(60);
    /// assert_eq!(parameters.get_duration_or("window", minute)?, minute);
    /// # Ok::<(), weir::api::ParameterError>(())
    /// ```
    ///
    /// # Errors
    /// If it is given and no such span.
    pub fn get_duration_or(
        &self,
        key: &str,
        default: Duration,
    ) -> Result<Duration, ParameterError> {
        Ok(self.parsed(key)?.unwrap_or(default))
    }

    fn parsed<T: Parameter>(&self, key: &str) -> Result<Option<T>, ParameterError> {
        let Some(given) = self.request(key) else { return Ok(None) };
        let expected = T::KIND;
        match given {
            None => T::FLAG
                .map(Some)
                .ok_or_else(|| ParameterError::NoValue { key: key.to_string(), expected }),
            Some(value) => T::read(value).map(Some).ok_or_else(|| {
                let (key, value) = (key.to_string(), value.clone());
                ParameterError::Malformed { key, value, expected }
            }),
        }
    }

    fn required<T: Parameter>(&self, key: &str) -> Result<T, ParameterError> {
        self.parsed(key)?.ok_or_else(|| self.missing(key))
    }
}
