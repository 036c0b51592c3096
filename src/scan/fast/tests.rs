//! A row group that is read from some line on.

use super::{
    super::columns::{Amount, Moment, Text},
    *,
};
use crate::store::Store;
use std::path::{Path, PathBuf};

/// Parts of many kinds: pages of both versions, small ones, dictionaries that overflow, several row groups.
fn parts() -> Vec<Part> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = root.join("fuzz/corpus").read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = corpus.filter(|path| path.extension().is_some_and(|end| end == "parquet")).collect();
    paths.sort();
    assert!(paths.len() > 5, "{paths:?}");
    paths.iter().map(|path| Part::open(&Store::default(), path, false).unwrap()).collect()
}

/// The next lines of a row group, as texts.
fn rest(group: &mut Group, dictionary: &mut Dictionary) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let Some(lines) = group.next(dictionary, |_, _| true).unwrap() else { return all };
        for row in 0..lines.rows() {
            let texts: Vec<&str> =
                Text::SPECS.iter().map(|spec| dictionary.names.get(lines.text(spec.column, row))).collect();
            let amounts: Vec<_> = Amount::SPECS.iter().map(|spec| lines.money(spec.column, row)).collect();
            let moments: Vec<_> = Moment::SPECS.iter().map(|spec| lines.moment(spec.column, row)).collect();
            let name = |sym| dictionary.names.get(sym);
            let tags = dictionary.tags.get(lines.tags(row)).iter();
            let tags: Vec<_> = tags.map(|(key, value)| (name(*key), name(*value))).collect();
            let resource = dictionary.ids.text(lines.resource(row));
            all.push(format!("{resource} {texts:?} {amounts:?} {moments:?} {tags:?}"));
        }
    }
}

#[test]
fn lines_behind_those_that_are_passed_over_are_read_as_if_all_were() {
    let mut read = 0;
    for part in parts() {
        for unit in 0..part.units() {
            let mut dictionary = Dictionary::default();
            let open = |dictionary: &mut Dictionary| open(&part, unit, &part.layout, dictionary).unwrap();
            let Some(mut group) = open(&mut dictionary) else { continue };
            read += 1;
            let all = rest(&mut group, &mut dictionary);
            assert!(all.len() > 20 && all.iter().any(|line| line.contains("team")), "{}", part.name);
            for from in 0..=all.len() {
                let (mut dictionary, what) = (Dictionary::default(), format!("{} from line {from} on", part.name));
                let mut group = open(&mut dictionary).unwrap();
                group.pass(from, &mut dictionary).unwrap();
                assert_eq!(group.rows(), all.len() - from, "{what}");
                assert_eq!(rest(&mut group, &mut dictionary), all[from..], "{what}");
            }
        }
    }
    assert!(read > 5, "{read} row groups are for the fast reader");
}
