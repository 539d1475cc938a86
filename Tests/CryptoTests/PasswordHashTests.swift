import Crypto
import Testing

struct PasswordHashTests {
    @Test func onlyThePasswordOpens() throws {
        let kept = try #require(PasswordHash.make("correct horse battery staple"))
        #expect(kept.hasPrefix("$argon2id$v=19$m=65536,t=2,p=1$"))
        #expect(PasswordHash.verify("correct horse battery staple", kept))
        for wrong in ["", "correct horse battery stapl", "Correct horse battery staple", "\0"] {
            #expect(!PasswordHash.verify(wrong, kept), "\(wrong)")
        }
        let again = try #require(PasswordHash.make("correct horse battery staple"))
        #expect(again != kept, "a salt of its own")
    }

    @Test func whatCannotBeAPasswordIsRefused() {
        #expect(PasswordHash.make("") == nil)
        #expect(PasswordHash.make(String(repeating: "x", count: 1_025)) == nil)
        #expect(PasswordHash.make(String(repeating: "x", count: 1_024)) != nil)
        for kept in ["", "$argon2id$", "x", String(repeating: "$", count: 500)] {
            #expect(!PasswordHash.verify("x", kept), "\(kept)")
        }
    }
}
