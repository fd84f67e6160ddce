//! What is compared: systems, modules, captions and shots.

use crate::hash::digest;
use lens::{
    Error, ErrorKind, Evidence, Result,
    evidence::{Caption, CaptionKind},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    /// The language model reads the evidence.
    Lens,
    /// LENS's own CLIP chooses the class.
    Clip,
    /// The language model gets the question only.
    LlmOnly,
    /// The language model reads the evidence of another picture.
    Swapped,
    /// LENS's own captioner: its beam caption is the answer.
    Captioner,
    /// A model behind an OpenAI-compatible endpoint gets the pixels.
    Vlm,
}

/// A kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModuleKind {
    /// Names of things.
    Tags,
    /// Descriptions.
    Attributes,
    /// Sentences.
    Captions,
    /// Text in the picture.
    Ocr,
}

/// How demonstrations are chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// The nearest training pictures in CLIP's space (retrieval-based in-context example selection).
    #[default]
    Rices,
    /// The same random ones for every sample of a seed.
    Random,
}

/// Which combinations of modules are tried besides all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ablation {
    /// Every set of modules but the empty one (which is `llm-only`).
    Subsets,
    /// All but one.
    LeaveOneOut,
}

/// One way to answer all samples of a task.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Condition {
    /// Who answers.
    pub system: System,
    /// The evidence that is read, if not all that the task feeds.
    pub modules: Option<BTreeSet<ModuleKind>>,
    /// The most drawn captions that are read beside the one of the beam search, if fewer than there are.
    pub captions: Option<usize>,
    /// Demonstrations before the question.
    pub shots: usize,
    /// How they are chosen.
    pub choice: Choice,
}

impl Condition {
    /// A system with everything that the task feeds and no demonstrations.
    #[must_use]
    pub fn of(system: System) -> Self {
        Self { system, modules: None, captions: None, shots: 0, choice: Choice::Rices }
    }

    /// The name in files and tables: `lens`, `lens-tags-captions`, `lens-5-captions`, `lens-shots-3-rices`.
    #[must_use]
    pub fn id(&self) -> String {
        let mut parts = vec![self.system.to_string()];
        parts.extend(self.modules.iter().flatten().map(ModuleKind::to_string));
        parts.extend(self.captions.map(|captions| format!("{captions}-captions")));
        if self.shots > 0 {
            parts.push(format!("shots-{}-{}", self.shots, self.choice));
        }
        parts.join("-")
    }

    /// Whether a picture's evidence is read.
    #[must_use]
    pub fn reads_evidence(&self) -> bool {
        matches!(self.system, System::Lens | System::Swapped | System::Captioner)
    }

    /// The part of the evidence that is read under this condition; `fed` is what the task feeds.
    #[must_use]
    pub fn filter(&self, fed: &BTreeSet<ModuleKind>, mut evidence: Evidence) -> Evidence {
        let modules = self.modules.as_ref().unwrap_or(fed);
        let has = |kind| modules.contains(&kind);
        if !has(ModuleKind::Tags) {
            evidence.tags.clear();
        }
        if !has(ModuleKind::Attributes) {
            evidence.attributes.clear();
        }
        if !has(ModuleKind::Captions) {
            evidence.captions.clear();
        }
        if !has(ModuleKind::Ocr) {
            evidence.ocr.clear();
        }
        if let Some(most) = self.captions {
            keep_drawn(&mut evidence.captions, most);
        }
        evidence
    }
}

/// Keeps the beam caption and the first `left` of those that were drawn, repetitions counted.
fn keep_drawn(captions: &mut Vec<Caption>, mut left: usize) {
    captions.retain_mut(|caption| {
        let beam = usize::from(caption.kind == CaptionKind::Beam);
        let drawn = caption.count.saturating_sub(beam).min(left);
        left -= drawn;
        caption.count = drawn + beam;
        caption.count > 0
    });
}

/// What the user asks to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// Who answers.
    pub systems: Vec<System>,
    /// Modules instead of those of the task.
    pub modules: Option<BTreeSet<ModuleKind>>,
    /// Combinations of modules, for [`System::Lens`].
    pub ablation: Option<Ablation>,
    /// Numbers of drawn captions, for [`System::Lens`].
    pub captions: Vec<usize>,
    /// Numbers of demonstrations, for [`System::Lens`] and [`System::LlmOnly`].
    pub shots: Vec<usize>,
    /// How demonstrations are chosen.
    pub choice: Choice,
}

impl Default for Sweep {
    fn default() -> Self {
        let systems = vec![System::Lens];
        Self {
            systems,
            modules: None,
            ablation: None,
            captions: vec![],
            shots: vec![0],
            choice: Choice::Rices,
        }
    }
}

impl Sweep {
    /// All conditions, each once; `fed` is what the task feeds.
    #[must_use]
    pub fn conditions(&self, fed: &BTreeSet<ModuleKind>) -> Vec<Condition> {
        let mut all = Vec::new();
        for &system in &self.systems {
            let plain = Condition { modules: self.modules.clone(), ..Condition::of(system) };
            let takes_shots = matches!(system, System::Lens | System::LlmOnly);
            if takes_shots {
                let shots = if self.shots.is_empty() { &[0][..] } else { &self.shots };
                all.extend(shots.iter().map(|&shots| Condition {
                    shots,
                    choice: self.choice,
                    ..plain.clone()
                }));
            } else {
                all.push(plain.clone());
            }
            if system == System::Lens {
                let captions = |&n: &usize| Condition { captions: Some(n), ..plain.clone() };
                all.extend(self.captions.iter().map(captions));
                let modules = self.modules.as_ref().unwrap_or(fed);
                let subsets = self.ablation.map(|ablation| ablation.sets(modules)).unwrap_or_default();
                all.extend(subsets.into_iter().map(|set| Condition { modules: Some(set), ..plain.clone() }));
            }
        }
        let mut seen = BTreeSet::new();
        all.retain(|condition| seen.insert(digest([condition.id().as_str()])));
        all
    }
}

impl Ablation {
    /// The proper, non-empty subsets in question, the small ones first.
    fn sets(self, modules: &BTreeSet<ModuleKind>) -> Vec<BTreeSet<ModuleKind>> {
        let all: Vec<ModuleKind> = modules.iter().copied().collect();
        let whole = (1usize << all.len()) - 1;
        let mut masks: Vec<usize> = (1..whole).collect();
        if self == Self::LeaveOneOut {
            masks.retain(|mask| mask.count_ones() as usize + 1 == all.len());
        }
        masks.sort_by_key(|mask| (mask.count_ones(), *mask));
        let set = |mask: usize| {
            let chosen = all.iter().enumerate().filter(|(place, _)| mask & (1 << place) != 0);
            chosen.map(|(_, kind)| *kind).collect()
        };
        masks.into_iter().map(set).collect()
    }
}

/// Names as they are typed and written: those of serde.
macro_rules! names {
    ($kind:ty, $what:literal, $($variant:ident => $name:literal),+) => {
        impl $kind {
            /// All that exist.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
        }
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $name),+ })
            }
        }
        impl FromStr for $kind {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(Error::new(ErrorKind::Config, $what)
                        .expected(concat!("one of", $(" ", $name),+))
                        .found(format!("`{text}`"))),
                }
            }
        }
    };
}

names!(System, "system", Lens => "lens", Clip => "clip", LlmOnly => "llm-only", Swapped => "swapped",
    Captioner => "captioner", Vlm => "vlm");
names!(ModuleKind, "module", Tags => "tags", Attributes => "attributes", Captions => "captions", Ocr => "ocr");
names!(Choice, "choice of demonstrations", Rices => "rices", Random => "random");
names!(Ablation, "ablation", Subsets => "subsets", LeaveOneOut => "leave-one-out");

#[cfg(test)]
mod tests {
    use super::{Ablation, Condition, ModuleKind, Sweep, System};
    use lens::{
        Evidence,
        evidence::{Caption, CaptionKind, Tag},
    };
    use std::collections::BTreeSet;

    const ALL: [ModuleKind; 3] = [ModuleKind::Tags, ModuleKind::Attributes, ModuleKind::Captions];

    fn ids(sweep: &Sweep) -> Vec<String> {
        sweep.conditions(&BTreeSet::from(ALL)).iter().map(Condition::id).collect()
    }

    #[test]
    fn ablations_leave_out_what_is_there_already() {
        let subsets = Sweep { ablation: Some(Ablation::Subsets), ..Sweep::default() };
        assert_eq!(
            ids(&subsets),
            [
                "lens",
                "lens-tags",
                "lens-attributes",
                "lens-captions",
                "lens-tags-attributes",
                "lens-tags-captions",
                "lens-attributes-captions"
            ]
        );
        let one_out = Sweep { ablation: Some(Ablation::LeaveOneOut), ..Sweep::default() };
        assert_eq!(ids(&one_out).len(), 4);
    }

    #[test]
    fn shots_and_captions_are_for_those_who_read() {
        let systems = vec![System::Lens, System::Clip, System::LlmOnly];
        let sweep = Sweep { systems, shots: vec![0, 3], captions: vec![1], ..Sweep::default() };
        let expected =
            ["lens", "lens-shots-3-rices", "lens-1-captions", "clip", "llm-only", "llm-only-shots-3-rices"];
        assert_eq!(ids(&sweep), expected);
    }

    #[test]
    fn a_condition_reads_its_modules_only() {
        let evidence = Evidence {
            tags: vec![Tag::default()],
            captions: vec![Caption::default()],
            ..Evidence::default()
        };
        let fed = BTreeSet::from([ModuleKind::Captions]);
        let read = Condition::of(System::Lens).filter(&fed, evidence.clone());
        assert_eq!((read.tags.len(), read.captions.len()), (0, 1));
        let tags = Condition { modules: Some([ModuleKind::Tags].into()), ..Condition::of(System::Lens) };
        assert_eq!(tags.filter(&fed, evidence).captions.len(), 0);
    }

    #[test]
    fn fewer_captions_are_the_beam_and_the_first_drawn() {
        let caption =
            |text: &str, kind, count| Caption { text: text.into(), kind, count, ..Caption::default() };
        let captions = vec![
            caption("beam, drawn twice", CaptionKind::Beam, 3),
            caption("drawn twice", CaptionKind::Sampled, 2),
            caption("drawn once", CaptionKind::Sampled, 1),
        ];
        let evidence = Evidence { captions, ..Evidence::default() };
        let fed = BTreeSet::from([ModuleKind::Captions]);
        for (most, counts) in [(0, vec![1]), (1, vec![2]), (3, vec![3, 1]), (5, vec![3, 2, 1])] {
            let fewer = Condition { captions: Some(most), ..Condition::of(System::Lens) };
            let read = fewer.filter(&fed, evidence.clone()).captions;
            assert_eq!(read.iter().map(|caption| caption.count).collect::<Vec<_>>(), counts, "{most}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for system in System::ALL {
            assert_eq!(system.to_string().parse::<System>().unwrap(), *system);
        }
        assert!("clop".parse::<System>().is_err());
    }
}
