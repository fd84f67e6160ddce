//! A server whose eyes and reader are made up: for tests of the page and of clients, without any model.
//!
//! `cargo run -p lens-server --example without_weights -- [PORT] [UPSTREAM]`

use lens::{
    Fingerprint, Item, Lens, Look, Module, Result,
    evidence::{Caption, CaptionKind, OcrLine, Tag},
    testing::{ColourEmbedder, FakeLlm},
};
use lens_server::{ServerOptions, Upstream, serve};
use std::{sync::Arc, time::Duration};

/// Sees the same in every picture, after a while.
struct MadeUp {
    name: &'static str,
    slowness: Duration,
    items: Vec<Item>,
}

impl Module for MadeUp {
    fn name(&self) -> &str {
        self.name
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new().with("model", "made up")
    }

    fn see(&self, looks: &[Look], sink: &mut dyn FnMut(usize, Item)) -> Result<()> {
        std::thread::sleep(self.slowness);
        for index in 0..looks.len() {
            self.items.iter().for_each(|item| sink(index, item.clone()));
        }
        Ok(())
    }
}

fn tag(text: &str, cosine: f32) -> Tag {
    Tag { text: text.into(), cosine, probability: 0.1, ..Tag::default() }
}

fn caption(text: &str, kind: CaptionKind, count: usize) -> Item {
    Item::Caption(Caption { text: text.into(), kind, count, log_prob: -9.0, ..Caption::default() })
}

fn eyes() -> [MadeUp; 4] {
    let tags = [("seashore", 0.31), ("sandbar", 0.28), ("lakeside", 0.26), ("sky", 0.24), ("cliff", 0.21)];
    let attributes = [("sand which is pale and fine", 0.27), ("water which reflects the light", 0.25)];
    let captions = vec![
        caption("a sandy beach with blue water under a clear sky", CaptionKind::Beam, 4),
        caption("the sea on a calm day", CaptionKind::Sampled, 3),
        caption("a beach with nobody on it", CaptionKind::Sampled, 1),
    ];
    let words = OcrLine {
        text: "NO SWIMMING".into(),
        confidence: 0.93,
        characters: vec![0.93; 11],
        ..OcrLine::default()
    };
    let module =
        |name, milliseconds, items| MadeUp { name, slowness: Duration::from_millis(milliseconds), items };
    [
        module("tags", 30, tags.map(|(text, cosine)| Item::Tag(tag(text, cosine))).into()),
        module("attributes", 20, attributes.map(|(text, cosine)| Item::Attribute(tag(text, cosine))).into()),
        module("captions", 400, captions),
        module("ocr", 150, vec![Item::Ocr(OcrLine { ink: Some("red".into()), ..words })]),
    ]
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse().ok()).unwrap_or(5367);
    let upstream = arguments.next().map(|url| Upstream { url, key: None });
    let builder = eyes().into_iter().fold(Lens::builder(), lens::LensBuilder::module);
    let reader = FakeLlm::saying("A calm sandy beach.").with_info(|info| {
        info.chat = true;
        info.name = "a made-up reader".into();
    });
    let lens = builder.embedder(Arc::new(ColourEmbedder)).llm(reader).build()?;
    let options = ServerOptions { bind: ([127, 0, 0, 1], port).into(), upstream, ..ServerOptions::default() };
    serve(lens, options, |address| {
        use std::io::Write;
        // Whoever started this reads the address; when nobody does, it serves all the same.
        _ = writeln!(std::io::stdout(), "http://{address}");
    })
}
