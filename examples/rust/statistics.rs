//! Answers a posted text with its statistics, as JSON. Only the standard library, and nothing of it is special for
//! WebAssembly: the request is standard input, the answer standard output.
use std::collections::HashMap;
use std::io::{self, Read, Write};

const MOST_USED: usize = 3;

struct Statistics {
    bytes: usize,
    characters: usize,
    lines: usize,
    words: usize,
    longest: String,
    most_used: Vec<(String, usize)>,
}

fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

fn most_used(text: &str) -> Vec<(String, usize)> {
    let mut counts = HashMap::new();
    for word in words_of(text) {
        *counts.entry(word).or_insert(0) += 1;
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sorted.truncate(MOST_USED);
    sorted
}

/// The first of the longest words.
fn longest(text: &str) -> String {
    let length = |word: &String| word.chars().count();
    words_of(text).fold(String::new(), |best, word| if length(&word) > length(&best) { word } else { best })
}

fn measure(text: &str) -> Statistics {
    Statistics {
        bytes: text.len(),
        characters: text.chars().count(),
        lines: text.lines().count(),
        words: words_of(text).count(),
        longest: longest(text),
        most_used: most_used(text),
    }
}

/// Words have letters and digits only, so that nothing in them needs an escape.
fn to_json(all: &Statistics) -> String {
    let most_used: Vec<_> = all.most_used.iter().map(|(word, count)| format!("\"{}\": {}", word, count)).collect();
    format!(
        "{{\"bytes\": {}, \"characters\": {}, \"lines\": {}, \"words\": {}, \"longest\": \"{}\", \"most_used\": {{{}}}}}",
        all.bytes, all.characters, all.lines, all.words, all.longest, most_used.join(", ")
    )
}

fn main() -> io::Result<()> {
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input)?;
    let mut output = io::stdout().lock();
    match std::str::from_utf8(&input) {
        Ok(text) => writeln!(output, "content-type: application/json\n\n{}", to_json(&measure(text))),
        Err(error) => writeln!(
            output,
            "status: 400\ncontent-type: application/json\n\n{{\"error\": \"not UTF-8 at byte {}\"}}",
            error.valid_up_to()
        ),
    }
}
