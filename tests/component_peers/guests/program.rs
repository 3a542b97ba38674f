//! What a program sees and does, a verb each, commas between them, with the standard library alone: a module of WASI 0.1.
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, Read, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, process, thread};

fn words_of_input() -> io::Result<()> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for line in io::stdin().lock().lines() {
        for word in line?.split_whitespace() {
            *counts.entry(word.to_string()).or_insert(0) += 1;
        }
    }
    println!("{:?}", counts.into_iter().collect::<BTreeMap<_, _>>());
    Ok(())
}

fn upper() -> io::Result<()> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    io::stdout().write_all(text.to_uppercase().as_bytes())
}

fn count() -> io::Result<()> {
    println!("{}", io::copy(&mut io::stdin(), &mut io::sink())?);
    Ok(())
}

fn list(folder: &str) -> io::Result<()> {
    let entries: io::Result<Vec<_>> = fs::read_dir(folder)?.collect();
    let mut names: Vec<_> = entries?.iter().map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    println!("{names:?}");
    Ok(())
}

fn status(path: &str) -> io::Result<()> {
    let status = fs::metadata(path)?;
    let age = SystemTime::now().duration_since(status.modified()?).unwrap_or_default();
    println!("{} {} {}", status.len(), status.is_dir(), age < Duration::from_secs(600));
    Ok(())
}

fn clocks() -> io::Result<()> {
    let before = Instant::now();
    thread::sleep(Duration::from_millis(5));
    println!("{} {}", before.elapsed() >= Duration::from_millis(5), UNIX_EPOCH.elapsed().is_ok());
    Ok(())
}

fn act(words: &[&str]) -> io::Result<()> {
    match words {
        ["arguments", rest @ ..] => Ok(println!("{rest:?}")),
        ["environment", name] => Ok(println!("{:?}", env::var(name).ok())),
        ["words"] => words_of_input(),
        ["upper"] => upper(),
        ["count"] => count(),
        ["repeat", text, times] => io::stdout().write_all(text.repeat(times.parse().unwrap()).as_bytes()),
        ["write", path, content] => fs::write(path, content),
        ["append", path, content] => fs::OpenOptions::new().append(true).open(path)?.write_all(content.as_bytes()),
        ["read", path] => Ok(println!("{}", fs::read_to_string(path)?)),
        ["make", path] => fs::create_dir(path),
        ["rename", from, to] => fs::rename(from, to),
        ["copy", from, to] => Ok(println!("{}", fs::copy(from, to)?)),
        ["remove", path] => fs::remove_file(path),
        ["list", path] => list(path),
        ["status", path] => status(path),
        ["clocks"] => clocks(),
        ["exit", code] => process::exit(code.parse().unwrap()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "no such verb")),
    }
}

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut failed = false;
    for sentence in words.split(|word| *word == ",") {
        if let Err(error) = act(sentence) {
            eprintln!("{:?}", error.kind());
            failed = true;
        }
    }
    process::exit(failed.into());
}
