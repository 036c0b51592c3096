//! `m5.2xlarge`, `db.r6g.large`, `cache.t3.micro`, `r5.large.search`: family, size, normalisation factor, architecture.

/// A processor architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Architecture {
    /// Intel and AMD.
    X86,
    /// Graviton.
    Arm,
}

/// An instance type in its parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceType {
    /// `""`, `db`, `cache`, `ml` ...: what stands before the family.
    pub prefix: String,
    /// `m5`, `r6gd` ...
    pub family: String,
    /// `large`, `2xlarge`, `metal` ...
    pub size: String,
    /// `search`, `elasticsearch` or nothing: what stands behind the size.
    pub suffix: String,
}

impl InstanceType {
    /// Reads an instance type; `None` when the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts: Vec<&str> = text.trim().split('.').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return None;
        }
        let prefix = match parts.first() {
            Some(&first) if ["db", "cache", "ml", "dax", "dms", "kafka", "mq"].contains(&first) => parts.remove(0),
            _ => "",
        };
        let suffix = match parts.last() {
            Some(&last) if parts.len() == 3 && ["search", "elasticsearch"].contains(&last) => {
                parts.pop();
                last
            }
            _ => "",
        };
        let [family, size] = parts[..] else { return None };
        let letter = family.starts_with(|c: char| c.is_ascii_lowercase());
        let digit = family.contains(|c: char| c.is_ascii_digit());
        (letter && digit).then(|| Self {
            prefix: prefix.to_owned(),
            family: family.to_owned(),
            size: full_size(size),
            suffix: suffix.to_owned(),
        })
    }

    /// The type with another family, the rest alike.
    #[must_use]
    pub fn in_family(&self, family: &str) -> Self {
        Self { family: family.to_owned(), ..self.clone() }
    }

    /// The normalisation factor of the size: 1 for `small`, 8 for `xlarge`; `None` where the size has none by itself.
    /// Source: EC2 User Guide, "Instance size flexibility", November 2026.
    #[must_use]
    pub fn factor(&self) -> Option<f64> {
        let fixed = match self.size.as_str() {
            "nano" => 0.25,
            "micro" => 0.5,
            "small" => 1.0,
            "medium" => 2.0,
            "large" => 4.0,
            "xlarge" => 8.0,
            size => {
                let times = size
                    .strip_prefix("metal-")
                    .unwrap_or(size)
                    .strip_suffix("xl")
                    .or_else(|| size.strip_suffix("xlarge"))?;
                return times.parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0).map(|n| n * 8.0);
            }
        };
        Some(fixed)
    }

    /// The generation by the family's name: 5 of `m5`, 7 of `c7gn`.
    #[must_use]
    pub fn generation(&self) -> Option<u32> {
        let behind = self.family.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
        behind[..end].parse().ok()
    }

    /// Whether it runs on burst credits: `t3`, `t4g`.
    #[must_use]
    pub fn bursts(&self) -> bool {
        self.family.strip_prefix('t').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// The architecture by the family's name: `g` among the letters behind the generation, or `a1`, is Graviton.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        let behind = self.family.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let behind = behind.trim_start_matches(|c: char| c.is_ascii_digit());
        let arm = behind.split('-').next().is_some_and(|letters| letters.contains('g')) || self.family == "a1";
        if arm { Architecture::Arm } else { Architecture::X86 }
    }
}

impl std::fmt::Display for InstanceType {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [self.prefix.as_str(), &self.family, &self.size, &self.suffix];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        write!(out, "{}", parts.join("."))
    }
}

/// RDS shortens sizes in usage types: `2xl` is `2xlarge`.
fn full_size(size: &str) -> String {
    match size.strip_suffix("xl") {
        Some(times) if times.bytes().all(|b| b.is_ascii_digit()) => format!("{times}xlarge"),
        _ => size.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> InstanceType {
        InstanceType::parse(text).unwrap()
    }

    #[test]
    fn parts_of_every_service() {
        for text in
            ["m5.large", "db.r6g.2xlarge", "cache.t3.micro", "r5.large.search", "u-6tb1.metal", "c7i-flex.large"]
        {
            assert_eq!(of(text).to_string(), text);
        }
        assert_eq!(of("db.r5d.2xl").to_string(), "db.r5d.2xlarge");
        for text in ["", "m5", "large", "m5.", "a.b.c.d", "gp2.x"] {
            assert!(InstanceType::parse(text).is_none_or(|t| t.family == "gp2"), "{text}");
        }
    }

    #[test]
    fn factors() {
        for (text, factor) in [("t2.nano", 0.25), ("m5.large", 4.0), ("m5.24xlarge", 192.0), ("m7i.metal-24xl", 192.0)]
        {
            assert_eq!(of(text).factor().map(f64::to_bits), Some(f64::to_bits(factor)), "{text}");
        }
        assert_eq!(of("i3.metal").factor(), None);
    }

    #[test]
    fn generations_and_bursts() {
        for (text, generation, bursts) in [
            ("m5.large", 5, false),
            ("db.t4g.micro", 4, true),
            ("cache.c7gn.large", 7, false),
            ("trn1.2xlarge", 1, false),
        ] {
            assert_eq!((of(text).generation(), of(text).bursts()), (Some(generation), bursts), "{text}");
        }
    }

    #[test]
    fn graviton_by_name() {
        for text in ["m6g.large", "t4g.micro", "c6gn.large", "x2gd.large", "im4gn.large", "is4gen.large", "a1.large"] {
            assert_eq!(of(text).architecture(), Architecture::Arm, "{text}");
        }
        for text in ["m5.large", "g4dn.xlarge", "p4d.24xlarge", "c7i-flex.large", "m5ad.large", "i3en.large"] {
            assert_eq!(of(text).architecture(), Architecture::X86, "{text}");
        }
    }
}
