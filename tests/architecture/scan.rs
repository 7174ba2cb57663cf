//! What one file says, read with `syn`: the paths that it names and what it must not contain.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Meta, UseTree};

/// A path as it counts for the rules.
#[derive(Debug, Clone)]
pub struct NamedPath {
    /// `crate` and on for paths inside the crate, else the first segment is a crate.
    pub segments: Vec<String>,
    pub line: usize,
    pub in_test: bool,
    /// The name that a `use` item gives it.
    pub alias: Option<String>,
}

#[derive(Default)]
pub struct Scan {
    pub paths: Vec<NamedPath>,
    /// Line and text.
    pub problems: Vec<(usize, String)>,
    /// Test modules in files of their own: `#[cfg(test)] mod name;`.
    pub test_modules: Vec<String>,
    module: Vec<String>,
    in_test: bool,
}

impl Scan {
    /// `module` is the module of the file: `["engine", "tasks"]`.
    pub fn new(text: &str, module: Vec<String>, in_test: bool) -> Self {
        let mut scan = Self {
            module,
            in_test,
            ..Self::default()
        };
        match syn::parse_file(text) {
            Ok(file) => scan.visit_file(&file),
            Err(err) => scan.problem(err.span(), format!("no Rust source: {err}")),
        }
        scan
    }

    fn problem(&mut self, span: Span, text: impl Into<String>) {
        self.problems.push((span.start().line, text.into()));
    }

    /// Keeps a path with `self` and `super` spelled out.
    fn add_path(&mut self, segments: Vec<String>, span: Span, alias: Option<String>) {
        let up = |word: &&String| matches!(word.as_str(), "self" | "super");
        let relative = segments.iter().take_while(up).count();
        let mut base = Vec::new();
        if relative > 0 {
            base.push("crate".to_owned());
            let supers = segments
                .iter()
                .take(relative)
                .filter(|word| *word == "super");
            let depth = self.module.len().saturating_sub(supers.count());
            base.extend_from_slice(&self.module[..depth]);
        }
        base.extend_from_slice(&segments[relative..]);
        self.paths.push(NamedPath {
            segments: base,
            line: span.start().line,
            in_test: self.in_test,
            alias,
        });
    }

    fn use_tree(&mut self, tree: &UseTree, mut prefix: Vec<String>) {
        let (ident, alias) = match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                return self.use_tree(&path.tree, prefix);
            }
            UseTree::Group(group) => {
                return (group.items.iter()).for_each(|tree| self.use_tree(tree, prefix.clone()));
            }
            UseTree::Glob(glob) => {
                prefix.push("*".to_owned());
                return self.add_path(prefix, glob.star_token.spans[0], None);
            }
            UseTree::Name(name) => (&name.ident, &name.ident),
            UseTree::Rename(rename) => (&rename.ident, &rename.rename),
        };
        let mut alias = alias.to_string();
        if ident != "self" {
            prefix.push(ident.to_string());
        } else if alias == "self" {
            alias = prefix.last().cloned().unwrap_or_default();
        }
        self.add_path(prefix, ident.span(), Some(alias));
    }

    fn check_attribute(&mut self, name: &str, span: Span) {
        match name {
            "ignore" => self.problem(span, "an ignored test; fix or delete it"),
            "path" => self.problem(span, "#[path]: move the file to where its module belongs"),
            _ => {}
        }
    }

    fn check_macro(&mut self, name: &str, span: Span) {
        if matches!(name, "todo" | "unimplemented") {
            self.problem(span, format!("{name}! is left over"));
        }
    }

    fn check_method(&mut self, name: &str, span: Span) {
        if matches!(name, "unwrap" | "expect") && !self.in_test {
            self.problem(span, format!(".{name}() outside tests; return an error"));
        }
    }

    /// What stands in a macro or an attribute is no syntax yet: its words are read.
    fn tokens(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let words: Vec<String> = trees.iter().map(word).collect();
        let word = |at: usize| words.get(at).map_or("", String::as_str);
        let is_ident = |at: usize| matches!(trees.get(at), Some(TokenTree::Ident(_)));
        let mut at = 0;
        while at < trees.len() {
            let span = trees[at].span();
            match (word(at), word(at + 1), word(at + 2)) {
                (".", name, "(") => self.check_method(name, span),
                (name, "!", _) => self.check_macro(name, span),
                _ => {}
            }
            if let TokenTree::Group(group) = &trees[at] {
                if at > 0 && word(at - 1) == "#" {
                    let name = group.stream().into_iter().next();
                    self.check_attribute(
                        &name.map_or_else(String::new, |tree| tree.to_string()),
                        span,
                    );
                }
                self.tokens(group.stream());
            } else if is_ident(at) {
                let mut path = vec![words[at].clone()];
                while (word(at + 1), word(at + 2)) == (":", ":") && is_ident(at + 3) {
                    at += 3;
                    path.push(words[at].clone());
                }
                if path.len() > 1 {
                    self.add_path(path, span, None);
                }
            }
            at += 1;
        }
    }

    /// Visits what has these attributes, which may say that it is a test.
    fn within(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let outside = self.in_test;
        self.in_test |= attributes.iter().any(is_test);
        visit(self);
        self.in_test = outside;
    }
}

fn is_test(attribute: &Attribute) -> bool {
    let cfg_test =
        |meta: &Meta| matches!(meta, Meta::List(list) if list.tokens.to_string() == "test");
    let path = attribute.path();
    path.is_ident("test") || path.is_ident("cfg") && cfg_test(&attribute.meta)
}

fn word(tree: &TokenTree) -> String {
    match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => "(".to_owned(),
        TokenTree::Group(_) => String::new(),
        tree => tree.to_string(),
    }
}

impl<'ast> Visit<'ast> for Scan {
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Some(name) = attribute.path().get_ident() {
            self.check_attribute(&name.to_string(), name.span());
        }
        visit::visit_attribute(self, attribute);
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.tokens(list.tokens.clone());
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        if let Some(segment) = mac.path.segments.last() {
            self.check_macro(&segment.ident.to_string(), segment.ident.span());
        }
        self.visit_path(&mac.path);
        self.tokens(mac.tokens.clone());
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.check_method(&call.method.to_string(), call.method.span());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path.segments.iter().map(|segment| &segment.ident).collect();
        if let [first, _, ..] = segments[..] {
            let words = segments.iter().map(ToString::to_string).collect();
            self.add_path(words, first.span(), None);
        }
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.within(&item.attrs, |scan| scan.use_tree(&item.tree, Vec::new()));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let name = item.ident.to_string();
        self.within(&item.attrs, |scan| {
            if item.content.is_none() && scan.in_test {
                scan.test_modules.push(name.clone());
            }
            scan.module.push(name);
            visit::visit_item_mod(scan, item);
            scan.module.pop();
        });
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.within(&item.attrs, |scan| visit::visit_item_fn(scan, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.within(&item.attrs, |scan| visit::visit_item_impl(scan, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.within(&item.attrs, |scan| visit::visit_impl_item_fn(scan, item));
    }
}
