//! What tests of the queues share: a gate before a fake model, and pictures.

use axum::body::Bytes;
use std::{
    io::Cursor,
    sync::{Condvar, Mutex},
    time::Duration,
};

/// Holds the batches of a fake model until it is open, and keeps their sizes.
#[derive(Default)]
pub(crate) struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
    batches: Mutex<Vec<usize>>,
}

impl Gate {
    pub(crate) fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    /// Keeps the size of a batch, and waits.
    pub(crate) fn pass(&self, batch: usize) {
        self.batches.lock().unwrap().push(batch);
        drop(self.opened.wait_while(self.is_open.lock().unwrap(), |is_open| !*is_open).unwrap());
    }

    /// The sizes of the batches that have begun.
    pub(crate) fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap().clone()
    }

    /// Waits until a batch has begun: what comes now, waits behind it.
    pub(crate) async fn is_busy(&self) {
        until(|| !self.batches().is_empty()).await;
    }
}

/// Waits until it is so.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A picture of one grey, 2 x 2 pixels.
pub(crate) fn png(grey: u8) -> Bytes {
    let mut bytes = Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(2, 2, image::Rgb([grey; 3]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner().into()
}
