//! Something that is made when it is first needed.

use crate::Result;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Made once; a making that failed is tried again at the next call.
pub(crate) struct Lazy<T> {
    value: OnceLock<T>,
    making: Mutex<()>,
}

impl<T> Lazy<T> {
    pub(crate) const fn new() -> Self {
        Self { value: OnceLock::new(), making: Mutex::new(()) }
    }

    /// The value; `load` makes it if nobody did. Others who ask meanwhile wait.
    pub(crate) fn get_or_load(&self, load: impl FnOnce() -> Result<T>) -> Result<&T> {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        let value = load()?;
        Ok(self.value.get_or_init(|| value))
    }
}

#[cfg(test)]
mod tests {
    use super::Lazy;
    use crate::{Error, ErrorKind};

    #[test]
    fn made_once_and_again_after_a_failure() {
        let lazy = Lazy::new();
        assert!(lazy.get_or_load(|| Err(Error::new(ErrorKind::Weights, "gone"))).is_err());
        assert_eq!(*lazy.get_or_load(|| Ok(7)).unwrap(), 7);
        assert_eq!(*lazy.get_or_load(|| Ok(8)).unwrap(), 7);
    }
}
