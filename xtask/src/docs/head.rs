//! The comment at the head of a plugin's file as Markdown.

/// The text without links into the code, which lead nowhere outside of it. The first paragraph, which the summary says
/// again, is left out; so is an empty rest.
pub(super) fn markdown(head: &[&str]) -> Option<String> {
    let rest: Vec<&str> = head.iter().skip_while(|line| !line.is_empty()).skip(1).copied().collect();
    // Each section is a paragraph of its own.
    let mut lines: Vec<String> = Vec::new();
    for line in rest {
        let begins = line.starts_with("**");
        if begins && lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(String::new());
        }
        lines.push(without_links(line));
    }
    let text = lines.join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// ``[`name`]`` as `` `name` ``, and `[text](crate::path)` as `text`. Links to the web stay.
fn without_links(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(begin) = rest.find('[') {
        let (before, after) = rest.split_at(begin);
        text.push_str(before);
        rest = after;
        let Some(end) = after.find(']') else { break };
        let (label, behind) = (&after[1..end], &after[end + 1..]);
        let target = behind.strip_prefix('(').and_then(|behind| behind.split_once(')'));
        match target {
            Some((target, behind)) if !target.contains("://") => {
                text.push_str(label);
                rest = behind;
            }
            None if label.starts_with('`') && label.ends_with('`') && label.len() > 2 => {
                text.push_str(label);
                rest = behind;
            }
            _ => {
                text.push_str(&after[..=end]);
                rest = behind;
            }
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_paragraphs_and_the_first_line_is_the_summarys() {
        let head = ["`a`: a score.", "", "**What it measures.** Much,", "of all. See [`B`].", "**Cost.** None."];
        assert_eq!(markdown(&head).as_deref(), Some("**What it measures.** Much,\nof all. See `B`.\n\n**Cost.** None."));
        assert_eq!(markdown(&["`a`: a score."]), None);
    }

    #[test]
    fn links_to_the_web_and_brackets_stay() {
        let line = "x [0, 1], [`c`](crate::c), [d](super::d) and [e](https://e.org) in [f";
        assert_eq!(without_links(line), "x [0, 1], `c`, d and [e](https://e.org) in [f");
    }
}
