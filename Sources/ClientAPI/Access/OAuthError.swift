import Primitives

/// An error of OAuth 2 (RFC 6749 §5.2): a word for programs and words for people.
struct OAuthError: Error {
    var code: String
    var words: String
    var status: Int

    init(_ code: String, _ words: String, status: Int = 400) {
        self.code = code
        self.words = words
        self.status = status
    }

    /// What any request may be refused with, told in the way of OAuth.
    init(_ failure: HTTPFailure) {
        switch failure.status {
        case 429, 503: self.init("temporarily_unavailable", failure.message, status: failure.status)
        default: self.init("invalid_request", failure.message)
        }
    }

    static let client = OAuthError(
        "invalid_client", "The app is not known here, or its secret is wrong", status: 401)
    static let grant = OAuthError(
        "invalid_grant",
        "The code is wrong, was used before or is too old, or belongs to another app or address")

    static func scope(_ words: String) -> OAuthError { OAuthError("invalid_scope", words) }

    var response: HTTPResponse {
        var response = HTTPResponse.json(
            ["error": .string(code), "error_description": .string(words)], status: status)
        response.headers["Pragma"] = "no-cache"
        if status == 401 { response.headers["WWW-Authenticate"] = "Basic realm=\"apps\"" }
        return response
    }

    /// Answers with what `body` gives, or with what it is refused with.
    static func told(
        _ body: () throws(OAuthError) -> HTTPResponse
    ) -> HTTPResponse {
        do throws(OAuthError) { return try body() } catch { return error.response }
    }

    /// `body`, whose refusals are told in the way of OAuth.
    static func of<Result>(
        _ body: () throws(HTTPFailure) -> Result
    ) throws(OAuthError) -> Result {
        do throws(HTTPFailure) { return try body() } catch { throw OAuthError(error) }
    }
}

extension Scopes {
    /// What a request asks for; the standard when it says nothing.
    static func wanted(_ text: String?) throws(OAuthError) -> Scopes {
        do throws(Unknown) {
            let scopes = try Scopes(text ?? "")
            return scopes.names.isEmpty ? .standard : scopes
        } catch { throw .scope("There is no scope \(error.name)") }
    }
}
