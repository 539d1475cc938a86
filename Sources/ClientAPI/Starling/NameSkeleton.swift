/// What a name looks like: the same for names that a reader could take for one another (THREATS row
/// 21). It is compared with others and never shown.
///
/// The idea is that of the skeletons of Unicode's UTS 39, for names of people: case, accents, signs
/// and spaces count nothing, letters of other scripts that look like Latin ones are these. Both are
/// taken from the letters' names in Unicode, so that no table of thousands has to be carried along;
/// what looks alike without being called alike stands in `lookalikes`.
struct NameSkeleton: Hashable {
    let letters: String

    init(_ name: String) {
        var out: [Unicode.Scalar] = []
        for scalar in name.unicodeScalars {
            for low in scalar.properties.lowercaseMapping.unicodeScalars {
                out.append(contentsOf: Self.letters(low))
            }
        }
        letters = Self.joined(out)
    }

    /// Nothing is left of a name of signs alone: it looks like no other.
    var isEmpty: Bool { letters.isEmpty }

    private static func letters(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        if let same = lookalikes[scalar] { return Array(same.unicodeScalars) }
        switch scalar.properties.generalCategory {
        case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .otherNumber, .letterNumber, .otherSymbol:
            return latin(scalar).map { [lookalike($0)] } ?? base(scalar)
        case .decimalNumber:
            let digit = scalar.properties.numericType.flatMap { _ in scalar.properties.numericValue
            }
            guard let digit, 0...9 ~= digit, let plain = Unicode.Scalar(0x30 + UInt32(digit)) else {
                return [scalar]
            }
            return [lookalike(plain)]
        default: return []
        }
    }

    /// The Latin letter in the name of one: `LATIN SMALL LETTER E WITH ACUTE`, `FULLWIDTH LATIN
    /// SMALL LETTER E`, `MATHEMATICAL BOLD SMALL E`, `CIRCLED LATIN SMALL LETTER E`.
    private static func latin(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        if scalar.isASCII { return scalar }
        let words = (scalar.properties.name ?? "").split(separator: " ")
        let plain = words.prefix { $0 != "WITH" }
        guard let last = plain.last, last.utf8.count == 1, let letter = last.unicodeScalars.first,
            ("A"..."Z").contains(letter),
            plain.contains("LATIN") || plain.first == "MATHEMATICAL" || plain.contains("SQUARED")
                || plain.first == "REGIONAL" || plain.contains("MODIFIER")
        else { return nil }
        return Unicode.Scalar(letter.value + 0x20)
    }

    /// A letter of another script without its accents, which its name has behind `WITH`; as it is
    /// where no such letter is known.
    private static func base(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        let words = (scalar.properties.name ?? "").split(separator: " ")
        guard words.contains("WITH"),
            let value = Self.accented[words.prefix { $0 != "WITH" }.last ?? ""]
        else { return [scalar] }
        return [lookalike(value)]
    }

    private static func lookalike(_ letter: Unicode.Scalar) -> Unicode.Scalar {
        switch letter {
        case "0": "o"
        case "1", "i": "l"
        case "5": "s"
        default: letter
        }
    }

    /// Two letters that together look like a third.
    private static func joined(_ letters: [Unicode.Scalar]) -> String {
        var out = String.UnicodeScalarView()
        for letter in letters {
            switch (out.last, letter) {
            case ("r", "n"):
                out.removeLast()
                out.append("m")
            case ("v", "v"):
                out.removeLast()
                out.append("w")
            default: out.append(letter)
            }
        }
        return String(out)
    }

    /// By the last word of the letter's name before its accent.
    private static let accented: [Substring: Unicode.Scalar] = [
        "ALPHA": "a", "EPSILON": "e", "ETA": "n", "IOTA": "i", "OMICRON": "o", "UPSILON": "u",
        "OMEGA": "w", "RHO": "p", "KA": "k", "IE": "e", "O": "o", "U": "y", "HA": "x",
    ]

    /// Letters that look like Latin ones, most of them in most typefaces.
    private static let lookalikes: [Unicode.Scalar: String] = {
        var found: [Unicode.Scalar: String] = [
            "|": "l", "ı": "l", "ǀ": "l", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ð": "d",
            "æ": "ae", "œ": "oe", "ß": "ss", "þ": "p", "ŋ": "n", "ſ": "s", "$": "s", "@": "a",
            "€": "e",
        ]
        // Cyrillic, Greek, Armenian; each beside what it looks like.
        let pairs = [
            ("аαɑ", "a"), ("вβ", "b"), ("сϲ", "c"), ("ԁ", "d"), ("еєεҽё", "e"), ("ғ", "f"),
            ("ɡց", "g"), ("һհн", "h"), ("іιїӏї", "l"), ("јϳ", "j"), ("кκ", "k"), ("мϻ", "m"),
            ("ηոп", "n"), ("оοօסо", "o"), ("рρ", "p"), ("ԛզ", "q"), ("гг", "r"), ("ѕ", "s"),
            ("тτ", "t"), ("υս", "u"), ("ѵν", "v"), ("ԝωѡ", "w"), ("хχ", "x"), ("уγүу", "y"),
            ("ζ", "z"),
        ]
        for (from, to) in pairs {
            for scalar in from.unicodeScalars { found[scalar] = to }
        }
        return found
    }()
}
