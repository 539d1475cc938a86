import Primitives
import Testing

@testable import ClientAPI

/// THREATS row 21: names that look like one that the reader follows.
struct NameSkeletonTests {
    @Test(
        "What a reader could take for the same name is the same",
        arguments: [
            ("Ada", "ada"), ("Ada", "ÁDÀ"), ("Ada", "A\u{301}da"), ("Ada", "Аdа"), ("Ada", "ＡＤＡ"),
            ("Ada", "𝐀𝐝𝐚"), ("Ada", "Ⓐⓓⓐ"), ("Ada", "A d a"), ("Ada", "A\u{200b}da"),
            ("Ada", "\u{202e}Ada"), ("Ada", "A.d-a_"), ("Bill", "BiII"), ("Bill", "Bi11"),
            ("Bill", "Віll"), ("Tom", "Torn"), ("Tom", "Т0м"),
            ("Wanda", "VVanda"), ("Ο Νίκος", "Ο Νικος"), ("Соня", "СОНЯ"), ("Straße", "STRASSE"),
            ("Zoë", "Zoe"), ("Søren", "Soren"), ("Łukasz", "Iukasz"), ("Jose", "Jοѕé"),
        ])
    func same(one: String, other: String) {
        #expect(NameSkeleton(one) == NameSkeleton(other), "\(NameSkeleton(one).letters)")
    }

    @Test(
        "Other names are other names",
        arguments: [
            ("Ada", "Adam"), ("Ada", "Ida"), ("Соня", "Таня"), ("田中", "中田"), ("Ada", "Ada 2"),
            ("Νίκος", "Νίκη"), ("かな", "カナ"),
        ])
    func different(one: String, other: String) {
        #expect(NameSkeleton(one) != NameSkeleton(other), "\(NameSkeleton(one).letters)")
    }

    @Test("A name of signs alone looks like no other")
    func signs() {
        #expect(NameSkeleton("—…!").isEmpty)
        #expect(NameSkeleton("").isEmpty)
    }

    @Test("Digits of a key are six groups of five, and another key has others")
    func digits() {
        let one = KeyDigits.text(Bytes32(1, 2, 3, 4))
        let groups = one.split(separator: " ")
        #expect(groups.count == 6 && groups.allSatisfy { $0.utf8.count == 5 })
        #expect(groups.allSatisfy { UInt64($0) != nil })
        #expect(one != KeyDigits.text(Bytes32(1, 2, 3, 5)))
    }

    @Test("A recipe's list is known by who publishes it and by its name")
    func recipes() {
        let (ada, ben) = (
            ReaderList.number(of: "talk", by: Bytes32(1, 0, 0, 0)),
            ReaderList.number(of: "talk", by: Bytes32(2, 0, 0, 0))
        )
        #expect(ada > 3 && ben > 3 && ada != ben, "never one of those that every node has")
        #expect(ada != ReaderList.number(of: "Talk", by: Bytes32(1, 0, 0, 0)))
    }
}
