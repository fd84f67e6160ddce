//! From flags to what the commands work with: settings, home, models, Ctrl-C.

use crate::{args::Global, exit::Failure, interrupt::Interrupt, printer::Printer, view::bytes};
use lens::{
    Error, ErrorKind, Home, Lens, Preset, Store,
    assemble::{Assembler, Step, Watch},
    config::{Config, Layer},
    hub::{Hub, HubOptions, Progress},
    packed::Packed,
    preset::{Part, Role},
};
use std::ops::ControlFlow;

/// Fits 80 columns, so that it is one line.
const NANO_NOTE: &str = "nano is small (licence: research and evaluation); more: lens --preset base";

/// What one run of the program works with. Models are loaded when a command asks for them.
pub(crate) struct Session<'a> {
    pub(crate) printer: &'a Printer,
    pub(crate) home: Home,
    pub(crate) config: Config,
    pub(crate) hub: Hub,
    pub(crate) interrupt: Interrupt,
    flags: Vec<Layer>,
}

impl<'a> Session<'a> {
    /// The settings of flags (`own` are those of one command), environment, file and preset, checked.
    pub(crate) fn new(flags: &Global, own: Vec<Layer>, printer: &'a Printer) -> Result<Self, Failure> {
        let home = Home::locate()?;
        let flags = [layers(flags)?, own].concat();
        let config = Config::load(&home, &flags)?;
        let hub = hub(&home, &config);
        Ok(Self { printer, home, config, hub, interrupt: Interrupt::listen()?, flags })
    }

    /// The evidence store as the settings want it.
    pub(crate) fn store(&self) -> Store {
        if !self.config.store.enabled {
            return Store::absent(
                Error::new(ErrorKind::Config, "store").found("switched off by `store.enabled`"),
            );
        }
        Store::open(&self.home.evidence(), self.config.store.capacity_bytes)
    }

    /// The models that are packed for multiplying.
    pub(crate) fn packed(&self) -> Packed {
        Packed::new(&self.home, self.config.packed)
    }

    /// The whole pipeline.
    pub(crate) fn lens(&self) -> Result<Lens, Failure> {
        self.note_nano(&[Role::Clip, Role::Blip, Role::Llm])?;
        self.assemble(|assembler, watch| {
            let lens = assembler.lens(watch)?;
            lens.reader()?;
            Ok(lens)
        })
    }

    /// The pipeline with its language model where it has one.
    pub(crate) fn eyes_and_reader(&self) -> Result<Lens, Failure> {
        self.note_nano(&[Role::Clip, Role::Blip])?;
        self.assemble(|assembler, watch| assembler.lens(watch))
    }

    /// The pipeline without a language model.
    pub(crate) fn eyes(&self) -> Result<Lens, Failure> {
        self.note_nano(&[Role::Clip, Role::Blip])?;
        self.assemble(|assembler, watch| assembler.eyes(watch))
    }

    /// The language model alone.
    pub(crate) fn reader(&self) -> Result<Lens, Failure> {
        self.note_nano(&[Role::Llm])?;
        self.assemble(|assembler, watch| assembler.reader(watch))
    }

    /// Another language model than the one of the settings, alone.
    pub(crate) fn another_reader(&self, llm: String) -> Result<Lens, Failure> {
        let config = Config { llm: Some(llm), ..self.config.clone() };
        Ok(self.assemble_as(&config, |assembler, watch| assembler.reader(watch))?)
    }

    /// The settings with `below` under the flags and over everything else.
    pub(crate) fn config_over(&self, below: &[Layer]) -> Result<Config, Error> {
        let layers: Vec<Layer> = below.iter().chain(&self.flags).cloned().collect();
        Config::load(&self.home, &layers)
    }

    /// Runs `build` with what the settings ask for; shows what takes long, and Ctrl-C stops it.
    pub(crate) fn assemble<T>(
        &self,
        build: impl FnOnce(&Assembler<'_>, &mut Watch<'_>) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        Ok(self.assemble_as(&self.config, build)?)
    }

    /// [`Self::assemble`] with other settings.
    pub(crate) fn assemble_as<T>(
        &self,
        config: &Config,
        build: impl FnOnce(&Assembler<'_>, &mut Watch<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let assembler = Assembler::new(config, &self.home, &self.hub)?;
        let bar = self.printer.progress("loading models");
        let mut watch = |step: Step<'_>| match step {
            Step::Download(_, progress) => self.show_download(&bar, progress),
            Step::Embedding { role, done, total } => {
                bar.says(&format!("embedding the vocabulary of {role}"));
                bar.steps(done as u64, total as u64);
                self.go_on()
            }
        };
        build(&assembler, &mut watch)
    }

    /// Runs a download with its size shown first and its progress after; Ctrl-C stops it.
    pub(crate) fn download<T>(
        &self,
        what: &str,
        run: impl FnOnce(&mut dyn FnMut(Progress<'_>) -> ControlFlow<()>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let bar = self.printer.progress(what);
        run(&mut |progress| self.show_download(&bar, progress))
    }

    fn show_download(&self, bar: &crate::printer::Progress, progress: Progress<'_>) -> ControlFlow<()> {
        match progress {
            Progress::Plan { repository, revision, files, bytes: size } => {
                let plan = format!("downloading {repository} ({revision}): {files} files, {}", bytes(size));
                // The download is worth more than the note about it.
                _ = self.printer.note(&plan);
            }
            Progress::Bytes { file, done, total } => {
                bar.says(file);
                bar.bytes(done, total);
            }
        }
        self.go_on()
    }

    /// `Break` after Ctrl-C.
    pub(crate) fn go_on(&self) -> ControlFlow<()> {
        if self.interrupt.is_raised() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Once per run, when nano fills one of these roles.
    pub(crate) fn note_nano(&self, roles: &[Role]) -> Result<(), Failure> {
        let parts = Preset::of(&self.config)?.parts;
        if roles.iter().any(|role| parts.get(role) == Some(&Part::Embedded)) {
            self.printer.note(NANO_NOTE)?;
        }
        Ok(())
    }
}

/// Where models are and come from. Makes no connection by itself.
fn hub(home: &Home, config: &Config) -> Hub {
    let mut options = HubOptions::from_environment(home);
    if let Some(models) = &config.models {
        options.models.clone_from(models);
    }
    options.offline |= config.offline;
    Hub::new(options)
}

/// One layer for each flag that was given, so that an error names the flag.
fn layers(flags: &Global) -> Result<Vec<Layer>, Error> {
    let Global { preset, llm, models, offline, seed, precision, threads, json: _, quiet: _ } = flags;
    let models = match models {
        None => None,
        Some(path) => Some(path.to_str().ok_or_else(|| {
            Error::new(ErrorKind::Config, "--models")
                .expected("a path in UTF-8")
                .found(path.display().to_string())
        })?),
    };
    let texts = [
        ("--preset", "preset", preset.as_deref()),
        ("--llm", "llm", llm.as_deref()),
        ("--models", "models", models),
        ("--precision", "precision", precision.as_deref()),
    ];
    let numbers = [("--seed", "seed", *seed), ("--threads", "threads", threads.map(i64::from))];
    let mut layers: Vec<Layer> = texts
        .into_iter()
        .filter_map(|(flag, key, value)| value.map(|value| Layer::setting(flag, key, value)))
        .collect();
    layers
        .extend(numbers.into_iter().filter_map(|(flag, key, value)| Some(Layer::setting(flag, key, value?))));
    if *offline {
        layers.push(Layer::setting("--offline", "offline", true));
    }
    Ok(layers)
}
