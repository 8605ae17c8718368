//! `report`, and its page in a real browser. Without Chromium the browser's part is left out, unless
//! `CKPTSIM_REQUIRE_BROWSER` is set, as `.ci/run` does.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const SIZE_MAX: u64 = 2 * 1024 * 1024;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ckptsim"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    command
}

fn ckptsim(args: &[&str], directory: &Path) -> Output {
    let output = command(args).arg(directory).output().unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {problem}");
    output
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn run(directory: &Path) {
    let small = "scenarios/one-barrier.toml";
    let set = ["--set", "objectives.duration_p99=<= 60 s"];
    let args = [
        &["run", small, "--no-loss", "--quiet"],
        &set[..],
        &["--out"],
    ];
    ckptsim(&args.concat(), directory);
}

fn sweep(directory: &Path) {
    let axis = "flink.execution.checkpointing.interval=500 ms, 1 s, 2 s, 50 ms";
    let small = "scenarios/one-barrier.toml";
    let set = ["--set", "job.duration=6 s"];
    let mut args = vec!["sweep", small, "--vary", axis, "--no-loss", "--quiet"];
    args.extend(set);
    args.push("--out");
    ckptsim(&args, directory);
}

fn recommend(directory: &Path) {
    let small = "scenarios/recorded-a-async.toml";
    let objective = ["--objective", "duration_p99<=60s", "--mtbf", "6h"];
    let mut args = vec!["recommend", small, "--quiet", "--no-sensitivity"];
    args.extend(objective);
    args.extend(["--budget", "12", "--out"]);
    ckptsim(&args, directory);
}

/// A kind of results, and the headings that its report has besides those of all reports.
type Kind = (fn(&Path), &'static [&'static str]);

const KINDS: [Kind; 3] = [
    (
        run,
        &[
            "Objectives",
            "Headline numbers",
            "Phases",
            "Why",
            "What would help",
            "Formula beside simulation",
        ],
    ),
    (
        sweep,
        &[
            "Headline numbers",
            "Phases",
            "All points",
            "Formula beside simulation",
        ],
    ),
    (
        recommend,
        &["Objectives", "Headline numbers", "Why", "All candidates"],
    ),
];

#[test]
fn a_report_of_every_kind_of_results_is_whole_small_and_the_same_every_time() {
    for (make, headings) in KINDS {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path());
        let read = |name: &str| text(&directory.path().join(name));
        ckptsim(&["report", "--quiet"], directory.path());
        let page = read("report.html");
        assert!((page.len() as u64) < SIZE_MAX, "{} bytes", page.len());
        let place = directory.path().to_string_lossy().into_owned();
        assert!(!page.contains(&place) && !page.contains(env!("CARGO_MANIFEST_DIR")));

        // The texts between these.
        let all = |begin: &str, end: &str| -> Vec<&str> {
            let parts = page.split(begin).skip(1);
            parts.map(|part| part.split(end).next().unwrap()).collect()
        };
        let found: Vec<&str> = all("<h2 ", "</h2>")
            .into_iter()
            .filter_map(|heading| Some(heading.split_once('>')?.1))
            .collect();
        for heading in headings.iter().chain(&[
            "Pictures",
            "Effective scenario",
            "How far to trust it",
            "Provenance",
        ]) {
            assert!(
                found.iter().any(|own| own == heading),
                "{heading}: {found:?}"
            );
        }
        assert_eq!(all("<p class=\"headline\">", "</p>").len(), 1);

        let summary = read("summary.md");
        let pictures = all("Files: <code>", "</code>");
        assert_eq!(pictures.len(), all("<svg ", ">").len());
        assert!(!pictures.is_empty());
        for (index, name) in pictures.iter().enumerate() {
            assert!(name.starts_with(&format!("{:02}-", index + 1)), "{name}");
            assert!(summary.contains(&format!("]({name})")), "{name}\n{summary}");
            let stem = name.strip_suffix(".png").unwrap();
            for extension in ["png", "svg", "csv"] {
                let file = directory.path().join(format!("{stem}.{extension}"));
                assert!(file.metadata().unwrap().len() > 0);
            }
        }
        ckptsim(&["report", "--quiet"], directory.path());
        assert!(read("report.html") == page && read("summary.md") == summary);
    }
}

#[test]
fn several_results_are_compared_in_an_index_that_links_to_their_reports() {
    let room = tempfile::tempdir().unwrap();
    let [a, b, both] = ["a b", "c", "both"].map(|name| room.path().join(name));
    run(&a);
    sweep(&b);
    let compare = |directories: &[&PathBuf], out: &Path| {
        let mut command = command(&["report", "--quiet"]);
        command.args(directories).arg("--out").arg(out);
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), told)
    };
    let empty = room.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let wrong = [
        (vec![&a, &a], &both, "is named twice"),
        (
            vec![&a, &empty],
            &both,
            "holds no sweep, recommendation, or run",
        ),
        (vec![&a, &b], &b, "a directory of its own"),
        (vec![&a], &both, "--out is for several results"),
    ];
    for (directories, out, why) in wrong {
        let (done, told) = compare(&directories, out);
        assert!(!done && told.contains(why), "{told}");
        assert!(!a.join("report.html").exists() && !both.exists(), "{why}");
    }
    let (done, told) = compare(&[&a, &b], &both);
    assert!(done, "{told}");
    let index = text(&both.join("index.html"));
    for (link, name) in [("../a%20b", "a b"), ("../c", "c")] {
        let link = format!("<a href=\"{link}/report.html\">{name}</a>");
        assert!(index.contains(&link), "{link}");
    }
    assert!(a.join("report.html").exists() && b.join("report.html").exists());
    let manifest: Value = serde_json::from_str(&text(&both.join("report.manifest.json"))).unwrap();
    assert!(manifest["files"]["index.html"].is_string(), "{manifest}");
    assert!(compare(&[&a, &b], &both).0);
    assert_eq!(text(&both.join("index.html")), index);
}

/// Chromium, if there is one.
#[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|directory| names.map(|name| directory.join(name)))
        .find(|file| file.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("CKPTSIM_REQUIRE_BROWSER").is_none(),
            "no Chromium: apt-get install chromium"
        );
        eprintln!("skipped: no Chromium; apt-get install chromium");
    }
    found
}

/// What a browser made of a page.
struct Seen {
    dom: String,
    /// What was written on the console.
    console: Vec<String>,
    /// Addresses that the page, not the browser itself, asked for.
    requests: Vec<String>,
}

/// A page as a PDF: how many pages it has, and their size in points.
fn printed(browser: &Path, page: &Path) -> (usize, [u32; 2]) {
    let room = tempfile::tempdir().unwrap();
    let pdf = room.path().join("page.pdf");
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
        ])
        .arg(format!(
            "--user-data-dir={}",
            room.path().join("profile").display()
        ))
        .arg(format!("--print-to-pdf={}", pdf.display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let pdf = std::fs::read(&pdf).unwrap();
    let pdf = String::from_utf8_lossy(&pdf);
    let pages = pdf.split("/Type /Page").skip(1);
    let pages = pages.filter(|rest| !rest.starts_with('s')).count();
    let size = pdf.split("/MediaBox [").nth(1).unwrap();
    let size: Vec<f64> = size
        .split(']')
        .next()
        .unwrap()
        .split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect();
    (
        pages,
        [size[2], size[3]].map(|points| points.round() as u32),
    )
}

#[test]
fn a_sheet_of_every_kind_of_results_is_printed_on_one_page_of_a4() {
    let browser = browser();
    for (make, _) in KINDS {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path());
        ckptsim(&["report", "--page", "--quiet"], directory.path());
        let file = directory.path().join("page.html");
        let page = text(&file);
        assert_eq!(page.matches("<svg ").count(), 1);
        assert_eq!(page.matches("<p class=\"headline\">").count(), 1);
        assert!(!page.contains("<h2></h2>") && !page.contains("Files:"));
        if let Some(browser) = &browser {
            let (pages, [width, height]) = printed(browser, &file);
            assert_eq!(pages, 1);
            assert!((594..=596).contains(&width) && (841..=843).contains(&height));
        }
    }
}

/// Opens a page in a window of this width, with a profile of its own and no way to the network.
fn open(browser: &Path, page: &str, width: u32, more: &[&str]) -> Seen {
    let room = tempfile::tempdir().unwrap();
    let file = room.path().join("page.html");
    std::fs::write(&file, page).unwrap();
    let log = room.path().join("net.json");
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args([
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
        ])
        .arg(format!("--window-size={width},900"))
        .arg(format!("--log-net-log={}", log.display()))
        .arg(format!(
            "--user-data-dir={}",
            room.path().join("profile").display()
        ))
        .args(more)
        .arg("--dump-dom")
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let console = String::from_utf8_lossy(&output.stderr);
    let console = console.lines().filter(|line| line.contains(":CONSOLE"));
    Seen {
        dom: String::from_utf8(output.stdout).unwrap(),
        console: console.map(str::to_owned).collect(),
        requests: requests(&text(&log)),
    }
}

/// What documents have asked for: a page from a file has an opaque origin, written `null`.
fn requests(log: &str) -> Vec<String> {
    let events = log
        .lines()
        .map(|line| line.trim_end_matches([',', ']', '}']));
    let by_a_page = events.filter(|event| event.contains("\"initiator\":\"null\""));
    by_a_page
        .filter_map(|event| event.split("\"url\":\"").nth(1)?.split('"').next())
        .map(str::to_owned)
        .collect()
}

/// Uses a page as a reader would, and tells what came of it.
const HARNESS: &str = r"<script>
const told = { buttons: 0, unsorted: [], spots: 0, silent: [] };
for (const table of document.querySelectorAll('table')) {
  for (const button of table.querySelectorAll('thead button')) {
    told.buttons += 1;
    const column = button.parentElement.cellIndex;
    for (const [order, sign] of [['ascending', 1], ['descending', -1]]) {
      button.click();
      const cells = Array.from(table.tBodies[0].rows, row => row.cells[column]);
      const keys = cells.filter(cell => cell.dataset.key !== undefined).map(cell => Number(cell.dataset.key));
      const wrong = keys.some((key, index) => index > 0 && sign * (key - keys[index - 1]) < 0);
      const missing = cells.map(cell => cell.textContent === '–');
      const hole = missing.some((own, index) => own && missing.slice(index).includes(false));
      if (wrong || hole || button.parentElement.ariaSort !== order) told.unsorted.push(button.textContent + ' ' + order);
    }
  }
}
for (const picture of document.querySelectorAll('.picture')) {
  const svg = picture.querySelector('svg'), tip = picture.querySelector('.tip');
  const press = key => svg.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  const spots = Array.from(picture.querySelectorAll('.spots rect'));
  told.spots += spots.length;
  const shows = spot => tip.textContent === spot.textContent && getComputedStyle(tip).display === 'block';
  const last = spots[spots.length - 1];
  svg.focus();
  press('ArrowRight');
  const first = spots.length > 0 && document.activeElement === svg && shows(spots[0]);
  press('End');
  const end = shows(last);
  press('Escape');
  const closed = getComputedStyle(tip).display === 'none';
  last.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }));
  if (!(first && end && closed && shows(last))) told.silent.push(picture.querySelector('title').textContent);
  svg.blur();
}
told.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
told.dark = matchMedia('(prefers-color-scheme: dark)').matches;
told.ground = getComputedStyle(document.documentElement).backgroundColor;
told.paper = getComputedStyle(document.querySelector('.picture svg > rect')).fill;
document.body.append(Object.assign(document.createElement('pre'), { id: 'told', textContent: JSON.stringify(told) }));
</script>";

/// The page with another script after its own.
fn with(page: &str, script: &str) -> String {
    assert_eq!(page.matches("</body>").count(), 1);
    page.replace("</body>", &format!("{script}</body>"))
}

fn told(seen: &Seen) -> Value {
    let told = seen.dom.split("<pre id=\"told\">").nth(1);
    let told = told.unwrap_or_else(|| panic!("{:?}", seen.console));
    let told = told.split("</pre>").next().unwrap();
    serde_json::from_str(told).unwrap()
}

#[test]
fn a_browser_shows_the_page_without_network_sorts_its_tables_and_tells_its_values() {
    let Some(browser) = browser() else {
        return;
    };
    for (make, _) in KINDS {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path());
        ckptsim(&["report", "--quiet"], directory.path());
        let page = text(&directory.path().join("report.html"));
        let used = with(&page, HARNESS);
        for (width, scheme) in [(1280, 1), (400, 0)] {
            let scheme_set = format!("--blink-settings=preferredColorScheme={scheme}");
            let seen = open(&browser, &used, width, &[&scheme_set]);
            assert!(seen.console.is_empty(), "{:?}", seen.console);
            assert!(seen.requests.is_empty(), "{:?}", seen.requests);
            let told = told(&seen);
            assert!(told["buttons"].as_u64() >= Some(5), "{told}");
            assert!(told["spots"].as_u64() >= Some(3), "{told}");
            for none in ["unsorted", "silent"] {
                assert_eq!(told[none], serde_json::json!([]), "{none}");
            }
            assert_eq!(told["wide"], 0, "the page is wider than its window");
            assert_eq!(told["dark"], scheme == 0);
            let dark = "rgb(24, 27, 32)";
            assert_eq!(told["ground"] == dark, scheme == 0, "{told}");
            assert_eq!(told["paper"] == dark, scheme == 0, "{told}");
        }
    }
}

#[test]
fn the_browser_would_tell_of_errors_and_of_requests() {
    let Some(browser) = browser() else {
        return;
    };
    let page = "<!DOCTYPE html><title>t</title><body><img src=\"http://example.invalid/a.png\">\
                <script>console.error('wrong')</script></body>";
    let seen = open(&browser, page, 800, &[]);
    assert!(
        seen.console.iter().any(|line| line.contains("wrong")),
        "{:?}",
        seen.console
    );
    assert_eq!(seen.requests, ["http://example.invalid/a.png"]);
}
