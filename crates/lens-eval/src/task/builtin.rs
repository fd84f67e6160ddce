//! The tasks inside the program.

/// Tasks that are run together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The name that a user types.
    pub name: &'static str,
    /// Its tasks.
    pub tasks: &'static [&'static str],
}

/// Declares each file of `tasks/` by its name.
macro_rules! tasks {
    ($($name:literal),+ $(,)?) => {
        const TASKS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../tasks/", $name, ".toml")))),+];
    };
}

tasks!(
    "pets",
    "dtd",
    "aircraft",
    "caltech101",
    "flowers",
    "food101",
    "cars",
    "cifar10",
    "imagenet",
    "vqav2",
    "okvqa",
    "aokvqa",
    "sst2",
    "hateful-memes",
    "captions",
    "nano-caltech101",
    "nano-tiny-imagenet",
    "nano-flickr8k",
    "nano-flickr8k-vqa",
    "nano-scenes",
    "nano-text",
);

const GROUPS: &[Group] = &[
    Group {
        name: "paper/vision",
        tasks: &[
            "pets",
            "dtd",
            "aircraft",
            "caltech101",
            "flowers",
            "food101",
            "cars",
            "cifar10",
            "imagenet",
        ],
    },
    Group { name: "paper/vl", tasks: &["vqav2", "okvqa", "aokvqa", "sst2", "hateful-memes"] },
    Group {
        name: "nano",
        tasks: &[
            "nano-caltech101",
            "nano-tiny-imagenet",
            "nano-flickr8k",
            "nano-flickr8k-vqa",
            "nano-scenes",
            "nano-text",
        ],
    },
];

/// The groups inside the program.
#[must_use]
pub fn groups() -> &'static [Group] {
    GROUPS
}

pub(super) fn text(name: &str) -> Option<&'static str> {
    TASKS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

impl super::Task {
    /// Names of the tasks inside the program.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TASKS.iter().map(|(name, _)| *name)
    }

    /// The text of a task inside the program, to start a new one from.
    #[must_use]
    pub fn text_of(name: &str) -> Option<&'static str> {
        text(name)
    }
}

#[cfg(test)]
mod tests {
    use super::{GROUPS, TASKS};
    use crate::Task;

    #[test]
    fn every_task_inside_can_be_read_and_has_its_files_name() {
        for (name, _) in TASKS {
            assert_eq!(Task::named(name).unwrap().name, *name);
        }
    }

    #[test]
    fn groups_hold_tasks_that_exist() {
        for group in GROUPS {
            assert_eq!(Task::all_named(group.name).unwrap().len(), group.tasks.len());
        }
    }

    #[test]
    fn the_nine_sets_average_to_the_papers_figure() {
        let nine = Task::all_named("paper/vision").unwrap();
        let average = |system: &str| nine.iter().map(|task| task.paper[system]).sum::<f64>() / 9.0;
        for (system, expected) in [
            ("LENS L14 Flan-T5-XL", 71.6),
            ("LENS L14 Flan-T5-XXL", 72.3),
            ("LENS H14 Flan-T5-XL", 77.0),
            ("LENS H14 Flan-T5-XXL", 77.3),
            ("CLIP L14", 71.7),
            ("CLIP H14", 76.6),
        ] {
            assert!((average(system) - expected).abs() < 0.06, "{system}: {}", average(system));
        }
    }

    #[test]
    fn an_unknown_task_is_refused_with_where_to_look() {
        let error = Task::named("pet").unwrap_err();
        assert!(error.expectation().unwrap().contains("lens eval list"));
    }
}
