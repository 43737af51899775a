//! Text as LaTeX that every engine sets: the characters that mean something to LaTeX escaped, mathematical ones as commands.

use assay_structure::visible::visible;

/// The text with nothing in it that LaTeX would take for a command or does not know without further packages.
#[must_use]
pub fn escaped(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if characters.next_if_eq(&COMBINING_CIRCUMFLEX).is_some() {
            out += &format!("$\\hat{{{character}}}$");
        } else if let Some(command) = command(character) {
            out += command;
        } else if "%_&#${}".contains(character) {
            out.extend(['\\', character]);
        } else {
            out.push(character);
        }
    }
    out
}

/// As in R̂, after the letter.
const COMBINING_CIRCUMFLEX: char = '\u{302}';

/// What sets a character that stands for itself in no font of LaTeX's.
fn command(character: char) -> Option<&'static str> {
    Some(match character {
        '\\' => "\\textbackslash{}",
        '~' => "\\textasciitilde{}",
        '^' => "\\textasciicircum{}",
        '–' => "--",
        '…' => "\\dots{}",
        '‖' => "$\\|$",
        'α' => "$\\alpha$",
        'β' => "$\\beta$",
        'γ' => "$\\gamma$",
        'ε' => "$\\varepsilon$",
        'η' => "$\\eta$",
        'θ' => "$\\theta$",
        'κ' => "$\\kappa$",
        'λ' => "$\\lambda$",
        'ρ' => "$\\rho$",
        'σ' => "$\\sigma$",
        'τ' => "$\\tau$",
        'Δ' => "$\\Delta$",
        'Σ' => "$\\Sigma$",
        '∂' => "$\\partial$",
        '∇' => "$\\nabla$",
        '±' => "$\\pm$",
        '×' => "$\\times$",
        '·' => "$\\cdot$",
        '−' => "$-$",
        '→' => "$\\to$",
        '√' => "$\\surd$",
        '≤' => "$\\le$",
        '≥' => "$\\ge$",
        '½' => "$\\frac12$",
        '¹' => "$^1$",
        '²' => "$^2$",
        '³' => "$^3$",
        '₁' => "$_1$",
        '₂' => "$_2$",
        'ᵀ' => "$^\\top$",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_become_commands_and_what_latex_would_take_for_one_is_escaped() {
        let text = "R̂ & κ of test_cifar10: 50 % ± ‖∂L/∂W‖₂² · {½}";
        let latex = "$\\hat{R}$ \\& $\\kappa$ of test\\_cifar10: 50 \\% $\\pm$ $\\|$$\\partial$L/$\\partial$W$\\|$$_2$$^2$ $\\cdot$ \\{$\\frac12$\\}";
        assert_eq!(escaped(text), latex);
        assert_eq!(escaped("\u{1b}[2J\u{202e}"), "\\textbackslash{}u\\{1b\\}[2J\\textbackslash{}u\\{202e\\}");
    }
}
