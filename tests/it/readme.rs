use std::path::Path;
use std::process::Command;

/// Before a block whose command is not run here.
const SLOW: &str = "<!-- takes minutes -->";

/// A command as the README shows it, and the beginning of what it prints.
struct Block {
    command: String,
    printed: Vec<String>,
    slow: bool,
}

fn blocks() -> Vec<Block> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(file).unwrap();
    let parts: Vec<&str> = text.split("```").collect();
    // Text and blocks take turns.
    let pairs = parts.chunks_exact(2);
    pairs
        .filter_map(|pair| {
            let (before, block) = (pair[0], pair[1].strip_prefix("text\n$ ")?);
            let unbroken = block.replace(" \\\n", " ");
            let mut lines = unbroken.lines().map(str::trim_end);
            Some(Block {
                command: lines.next()?.to_owned(),
                printed: lines
                    .take_while(|line| *line != "...")
                    .map(str::to_owned)
                    .collect(),
                slow: before.trim_end().ends_with(SLOW),
            })
        })
        .collect()
}

#[test]
fn commands_print_what_the_readme_says() {
    let blocks = blocks();
    assert!(blocks.iter().all(|block| block.printed.len() > 3));
    assert_eq!(blocks.iter().filter(|block| block.slow).count(), 1);
    let quick: Vec<&Block> = blocks.iter().filter(|block| !block.slow).collect();
    assert!(quick.len() >= 2);
    for block in quick {
        let program = assert_cmd::cargo::cargo_bin("ckptsim");
        let arguments = block.command.strip_prefix("ckptsim").unwrap();
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("'{}'{arguments}", program.display()))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let printed: Vec<&str> = stdout
            .lines()
            .map(str::trim_end)
            .take(block.printed.len())
            .collect();
        assert_eq!(printed, block.printed, "{}", block.command);
    }
}

#[test]
fn the_readme_shows_every_picture_of_the_gallery_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut shown: Vec<&str> = readme
        .split("](reports/gallery/")
        .skip(1)
        .filter_map(|rest| rest.split_once(".png)"))
        .map(|(name, _)| name)
        .collect();
    shown.sort_unstable();
    shown.dedup();
    let kinds = ckptsim::render::plot::PICTURES.iter();
    let kinds = kinds.filter(|kind| kind.example.is_some());
    let mut drawn: Vec<&str> = kinds.map(|kind| kind.name).collect();
    drawn.sort_unstable();
    assert_eq!(shown, drawn);
    for name in drawn {
        let file = root.join(format!("reports/gallery/{name}.png"));
        assert!(file.exists(), "{} is not drawn", file.display());
    }
}
