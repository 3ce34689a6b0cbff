//! Reads `.proto` files (protobuf language specification, proto2 and proto3)
//! as far as unary calls need them: messages, enums, services.
//!
//! Options, reserved numbers and extensions are passed over.

use super::schema::{Field, Kind, Label, Method, Schema};

/// The deepest nesting of messages.
const MOST_DEPTH: usize = 32;

impl Schema {
    /// Adds what a file declares, and gives the paths that it imports. The
    /// error says what cannot be read, with its line.
    pub fn read(&mut self, text: &str) -> Result<Vec<String>, String> {
        let mut file = File {
            tokens: Tokens {
                rest: text,
                line: 1,
            },
            schema: self,
            package: String::new(),
            proto3: false,
            imports: Vec::new(),
        };
        file.read()
            .map_err(|reason| format!("{reason} in line {}", file.tokens.line))?;
        Ok(file.imports)
    }
}

struct File<'f> {
    tokens: Tokens<'f>,
    schema: &'f mut Schema,
    package: String,
    proto3: bool,
    imports: Vec<String>,
}

impl<'f> File<'f> {
    fn read(&mut self) -> Result<(), String> {
        while let Some(word) = self.tokens.next()? {
            match word {
                ";" => {}
                "syntax" => {
                    self.expect("=")?;
                    self.proto3 = unquoted(self.word()?) == "proto3";
                    self.expect(";")?;
                }
                "edition" => {
                    return Err("an edition: only `proto2` and `proto3` are known".to_owned());
                }
                "package" => {
                    self.package = self.word()?.to_owned();
                    self.expect(";")?;
                }
                "import" => {
                    let mut path = self.word()?;
                    if matches!(path, "public" | "weak") {
                        path = self.word()?;
                    }
                    self.imports.push(unquoted(path).to_owned());
                    self.expect(";")?;
                }
                "message" => self.message(&self.package.clone(), 0)?,
                "enum" => self.enumeration(&self.package.clone())?,
                "service" => self.service()?,
                "option" | "extend" => self.skip_statement()?,
                other => return Err(format!("`{other}` where a declaration begins")),
            }
        }
        Ok(())
    }

    fn word(&mut self) -> Result<&'f str, String> {
        self.tokens
            .next()?
            .ok_or_else(|| "an end too early".to_owned())
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        let found = self.word()?;
        if found == wanted {
            return Ok(());
        }
        Err(format!("`{found}` where `{wanted}` is missing"))
    }

    /// Up to the `;`, or to the end of the block.
    fn skip_statement(&mut self) -> Result<(), String> {
        let mut depth = 0_usize;
        loop {
            match self.word()? {
                "{" => depth += 1,
                "}" if depth == 1 => return Ok(()),
                "}" => depth = depth.checked_sub(1).ok_or("`}` without its beginning")?,
                ";" if depth == 0 => return Ok(()),
                _ => {}
            }
        }
    }

    fn message(&mut self, scope: &str, depth: usize) -> Result<(), String> {
        if depth > MOST_DEPTH {
            return Err("messages that are nested too deeply".to_owned());
        }
        let full = within(scope, self.word()?);
        self.expect("{")?;
        let mut fields = Vec::new();
        loop {
            match self.word()? {
                "}" => break,
                ";" => {}
                "message" => self.message(&full, depth + 1)?,
                "enum" => self.enumeration(&full)?,
                "option" | "reserved" | "extensions" | "extend" => self.skip_statement()?,
                "oneof" => {
                    self.word()?;
                    self.expect("{")?;
                    loop {
                        match self.word()? {
                            "}" => break,
                            ";" => {}
                            "option" => self.skip_statement()?,
                            kind => fields.push(self.field(kind, Label::Explicit)?),
                        }
                    }
                }
                "repeated" => {
                    let kind = self.word()?;
                    fields.push(self.field(kind, Label::Repeated)?);
                }
                "optional" | "required" => {
                    let kind = self.word()?;
                    fields.push(self.field(kind, Label::Explicit)?);
                }
                "map" => {
                    self.expect("<")?;
                    let key = kind_of(self.word()?);
                    self.expect(",")?;
                    let value = self.word()?;
                    self.expect(">")?;
                    fields.push(self.field(value, Label::Map(key))?);
                }
                "group" => return Err("a group, which gRPC does not use".to_owned()),
                kind => {
                    let label = if self.proto3 {
                        Label::Implicit
                    } else {
                        Label::Explicit
                    };
                    fields.push(self.field(kind, label)?);
                }
            }
        }
        self.schema.messages.insert(full, fields);
        Ok(())
    }

    /// A field behind its type.
    fn field(&mut self, kind: &str, label: Label) -> Result<Field, String> {
        let name = self.word()?.to_owned();
        self.expect("=")?;
        let number = self.word()?;
        let number = number
            .parse()
            .map_err(|_| format!("`{number}` where a field's number is missing"))?;
        let mut packed = self.proto3;
        loop {
            match self.word()? {
                ";" => break,
                "packed" => {
                    self.expect("=")?;
                    packed = self.word()? == "true";
                }
                "}" => return Err(format!("`}}` where the `;` of `{name}` is missing")),
                _ => {}
            }
        }
        Ok(Field {
            name,
            number,
            kind: kind_of(kind),
            label,
            packed,
        })
    }

    fn enumeration(&mut self, scope: &str) -> Result<(), String> {
        let full = within(scope, self.word()?);
        self.expect("{")?;
        let mut values = Vec::new();
        loop {
            match self.word()? {
                "}" => break,
                ";" => {}
                "option" | "reserved" => self.skip_statement()?,
                name => {
                    self.expect("=")?;
                    let mut number = self.word()?.to_owned();
                    if number == "-" {
                        number.push_str(self.word()?);
                    }
                    let hexadecimal = number
                        .strip_prefix("0x")
                        .map(|digits| i32::from_str_radix(digits, 16));
                    let number = hexadecimal.unwrap_or_else(|| number.parse());
                    let number =
                        number.map_err(|_| format!("a value of `{name}` that is no number"))?;
                    values.push((name.to_owned(), number));
                    self.skip_statement()?;
                }
            }
        }
        self.schema.enums.insert(full, values);
        Ok(())
    }

    fn service(&mut self) -> Result<(), String> {
        let service = within(&self.package.clone(), self.word()?);
        self.expect("{")?;
        loop {
            match self.word()? {
                "}" => return Ok(()),
                ";" => {}
                "option" => self.skip_statement()?,
                "rpc" => {
                    let name = self.word()?;
                    let (input, streams_in) = self.side()?;
                    self.expect("returns")?;
                    let (output, streams_out) = self.side()?;
                    let method = Method {
                        input,
                        output,
                        streams: streams_in || streams_out,
                    };
                    self.schema
                        .methods
                        .insert(format!("{service}/{name}"), method);
                    self.skip_statement()?;
                }
                other => return Err(format!("`{other}` where `rpc` is missing")),
            }
        }
    }

    fn side(&mut self) -> Result<(String, bool), String> {
        self.expect("(")?;
        let mut name = self.word()?;
        let streams = name == "stream";
        if streams {
            name = self.word()?;
        }
        self.expect(")")?;
        Ok((name.to_owned(), streams))
    }
}

fn within(scope: &str, name: &str) -> String {
    match scope {
        "" => name.to_owned(),
        scope => format!("{scope}.{name}"),
    }
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

/// A scalar, or a name that is still to be found.
fn kind_of(name: &str) -> Kind {
    match name {
        "double" => Kind::Double,
        "float" => Kind::Float,
        "int32" => Kind::Int32,
        "int64" => Kind::Int64,
        "uint32" => Kind::Uint32,
        "uint64" => Kind::Uint64,
        "sint32" => Kind::Sint32,
        "sint64" => Kind::Sint64,
        "fixed32" => Kind::Fixed32,
        "fixed64" => Kind::Fixed64,
        "sfixed32" => Kind::Sfixed32,
        "sfixed64" => Kind::Sfixed64,
        "bool" => Kind::Bool,
        "string" => Kind::String,
        "bytes" => Kind::Bytes,
        other => Kind::Message(other.to_owned()),
    }
}

/// Words (with their dots), strings and signs; comments are passed over.
struct Tokens<'f> {
    rest: &'f str,
    line: usize,
}

impl<'f> Tokens<'f> {
    fn next(&mut self) -> Result<Option<&'f str>, String> {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.take(blank);
            if self.rest.starts_with("//") {
                self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                let end = self.rest.find("*/").ok_or("a comment that does not end")?;
                self.take(end + 2);
            } else {
                break;
            }
        }
        let Some(first) = self.rest.chars().next() else {
            return Ok(None);
        };
        let length = match first {
            '"' | '\'' => self.string(first)?,
            _ if is_word(first) => self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len()),
            other => other.len_utf8(),
        };
        Ok(Some(self.take(length)))
    }

    fn take(&mut self, length: usize) -> &'f str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    /// The length of a string with its quotes.
    fn string(&self, quote: char) -> Result<usize, String> {
        let mut escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => return Ok(at + 1),
                _ => {}
            }
        }
        Err("a string that does not end".to_owned())
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.')
}
