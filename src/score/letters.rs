//! Letters that are read as the same letter, however they are written.

use crate::diagnostic::hidden;

/// The Latin letter that a letter looks like.
pub fn alike(c: char) -> char {
    match c {
        // Fullwidth forms lie in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        'а' | 'А' | 'α' | 'Α' => 'a',
        'е' | 'Е' | 'ε' | 'Ε' => 'e',
        'о' | 'О' | 'ο' | 'Ο' => 'o',
        'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
        'с' | 'С' => 'c',
        'у' | 'У' => 'y',
        'х' | 'Х' | 'χ' | 'Χ' => 'x',
        'і' | 'І' | 'ι' | 'Ι' => 'i',
        'ѕ' | 'Ѕ' => 's',
        'ԁ' => 'd',
        'ո' => 'n',
        'Т' | 'Τ' => 't',
        'Н' | 'Η' => 'h',
        other => other,
    }
}

/// A text in lower case, as it is read: letters without their accents, whether those were written apart or not, each
/// white space as one space, nothing that nobody sees. `\0` stays, as texts are told apart by it.
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        let blank = c.is_whitespace();
        match c {
            _ if blank && space => {}
            _ if blank => folded.push(' '),
            '\0' => folded.push(c),
            '\u{21}'..='\u{7e}' => folded.push(c.to_ascii_lowercase()),
            '\u{3099}' | '\u{309a}' => voice(&mut folded, c),
            '\u{200c}' | '\u{200d}' => continue,
            c if hidden(c) => continue,
            // A capital with a dot is a small letter and a dot.
            c => folded.extend(alike(c).to_lowercase().map(bare).filter(|&c| !is_accent(c))),
        }
        space = blank;
    }
    folded
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Puts a sound mark that follows its kana into it: the kana with it come next in the order.
fn voice(text: &mut String, mark: char) {
    let Some(kana) = text.pop() else { return };
    let with = u32::from(kana) + u32::from(mark) - 0x3098;
    let is_kana = matches!(kana, '\u{304b}'..='\u{3078}' | '\u{307b}' | '\u{30ab}'..='\u{30d8}' | '\u{30db}');
    text.push(char::from_u32(with).filter(|_| is_kana).unwrap_or(kana));
}

/// A small letter without its accent, or a hyphen in any of its forms.
fn bare(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ǐ' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ō' | 'ŏ' | 'ő' | 'ǒ' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ǔ' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        '\u{2010}'..='\u{2012}' | '\u{2212}' => '-',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_alike_is_folded_alike() {
        for (text, read) in [
            ("Clínicas  Rialvento", "clinicas rialvento"),
            ("Cli\u{301}nicas\u{a0}\n Rialvento", "clinicas rialvento"),
            ("ＮＷＸ－７７３１", "nwx-7731"),
            ("NWX\u{2011}77\u{200b}31", "nwx-7731"),
            ("İzmir", "izmir"),
            ("カ\u{3099}ス ハ\u{309a}ン", "ガス パン"),
            ("a\u{3099} \u{3099}", "a "),
            ("Ørsted straße", "ørsted straße"),
            ("a\0b", "a\0b"),
        ] {
            assert_eq!(folded(text), read, "{text:?}");
        }
    }
}
