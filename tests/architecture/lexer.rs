//! Splits Rust source into words and signs with their lines. Comments and the
//! contents of strings are gone, so that nothing in them counts as code.

/// A word, a number, a lifetime, one sign, or `::`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

impl Token {
    pub fn is_word(&self) -> bool {
        self.text
            .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

pub fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        chars: source.chars().collect(),
        at: 0,
        line: 1,
        tokens: Vec::new(),
    };
    while lexer.at < lexer.chars.len() {
        lexer.next();
    }
    lexer.tokens
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.line += usize::from(self.peek(0) == '\n');
            self.at += 1;
        }
    }

    fn push(&mut self, text: impl Into<String>) {
        self.tokens.push(Token {
            text: text.into(),
            line: self.line,
        });
    }

    fn done(&self) -> bool {
        self.at >= self.chars.len()
    }

    fn next(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => {
                while !self.done() && self.peek(0) != '\n' {
                    self.skip(1);
                }
            }
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.char_or_lifetime(),
            (':', ':') => {
                self.push("::");
                self.skip(2);
            }
            (c, _) if c.is_alphanumeric() || c == '_' => self.word(),
            (c, _) => {
                if !c.is_whitespace() {
                    self.push(c);
                }
                self.skip(1);
            }
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while !self.done() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.skip(1);
                    continue;
                }
            }
            self.skip(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.push("\"\"");
        self.skip(1);
        while !self.done() && self.peek(0) != '"' {
            self.skip(if self.peek(0) == '\\' { 2 } else { 1 });
        }
        self.skip(1);
    }

    fn raw_string(&mut self, hashes: usize) {
        self.push("\"\"");
        self.skip(hashes + 1);
        while !self.done() {
            let closed = self.peek(0) == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == '#');
            self.skip(1);
            if closed {
                self.skip(hashes);
                return;
            }
        }
    }

    fn char_or_lifetime(&mut self) {
        // 'a' and '\n' close; 'a in a type does not.
        if self.peek(1) != '\\' && self.peek(2) != '\'' {
            self.skip(1);
            return;
        }
        self.skip(if self.peek(1) == '\\' { 3 } else { 2 });
        while !self.done() && self.peek(0) != '\'' {
            self.skip(1);
        }
        self.skip(1);
    }

    fn word(&mut self) {
        let start = self.at;
        while self.peek(0).is_alphanumeric() || self.peek(0) == '_' {
            self.at += 1;
        }
        let word: String = self.chars[start..self.at].iter().collect();
        let hashes = (0..self.chars.len())
            .take_while(|&ahead| self.peek(ahead) == '#')
            .count();
        let prefix = matches!(word.as_str(), "r" | "br" | "cr");
        if prefix && self.peek(hashes) == '"' {
            self.raw_string(hashes);
        } else if matches!(word.as_str(), "b" | "c") && self.peek(0) == '"' {
            self.string();
        } else if word == "b" && self.peek(0) == '\'' {
            self.char_or_lifetime();
        } else if word == "r" && hashes == 1 {
            self.skip(1); // r#type is the word `type`
        } else {
            self.push(word);
        }
    }
}
