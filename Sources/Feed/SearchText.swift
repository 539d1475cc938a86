import Primitives

/// Text as the full-text index takes it.
///
/// SQLite's FTS5 splits at spaces and folds case and accents (`unicode61 remove_diacritics 2`). A
/// script that writes no spaces would be one long word: here each of its characters becomes a word,
/// and a query for several of them asks for them side by side.
enum SearchText {
    /// `text` with spaces around each character of a script without spaces.
    static func spaced(_ text: String) -> String {
        // Where a letter takes at most two bytes there is no such script.
        if text.utf8.allSatisfy({ 1..<0xe0 ~= $0 }) { return text }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isSpaceless(scalar) {
                out.append(" ")
                out.append(scalar)
                out.append(" ")
            } else {
                // SQLite would take it for the end.
                out.append(scalar == "\0" ? " " : scalar)
            }
        }
        return String(out)
    }

    /// What FTS5 is asked for somebody's words: all of them, each as it is written; nil when there
    /// is nothing to look for. Nothing in them is a command of FTS5's.
    static func query(_ words: String) -> String? {
        let phrases = words.split(whereSeparator: \.isWhitespace).prefix(Limits.Feed.searchWords)
            .map { word in
                "\"" + spaced(String(word)).split(separator: "\"").joined(separator: " ") + "\""
            }
            .filter { phrase in phrase.contains { $0.isLetter || $0.isNumber } }
        return phrases.isEmpty ? nil : phrases.joined(separator: " ")
    }

    /// Han, kana, Hangul, Thai, Lao, Khmer and Myanmar: Unicode's blocks of them.
    private static func isSpaceless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0e00...0x0eff, 0x1000...0x109f, 0x1780...0x17ff, 0x3040...0x30ff, 0x3400...0x4dbf,
            0x4e00...0x9fff, 0xac00...0xd7af, 0xf900...0xfaff, 0x20000...0x3ffff:
            true
        default: false
        }
    }
}
