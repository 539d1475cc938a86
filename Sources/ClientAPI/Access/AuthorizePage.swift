import Crypto
import Node
import Primitives
import Wire

/// The page on which an app is let in. It needs no script, and nothing from elsewhere.
struct AuthorizePage {
    var asked: AuthorizationRequest
    var accounts: [Account]
    var chosen: Account?
    var token: String
    var problem: String?

    func response(status: Int = 200) -> HTTPResponse {
        var target = "'self'"
        if let source = RedirectURI.source(asked.redirect) { target += " " + source }
        return Self.page(
            "Let \(asked.app.name) in?", body, status: status, formAction: target)
    }

    private var body: String {
        let name = "<bdi>\(DisplayText.html(asked.app.name))</bdi>"
        let alert = problem.map {
            "<p class=\"problem\" role=\"alert\">\(DisplayText.html($0))</p>"
        }
        return """
            <h1>Let \(name) in?</h1>
            \(website)\(alert ?? "")<p>It would be able to:</p>
            <ul>
            \(permissions)
            </ul>
            <form method="post" action="/oauth/authorize">
            \(hidden)
            \(who)
            <p><label for="password">Password of this node</label>
            <input id="password" name="password" type="password" required
            autocomplete="current-password" aria-describedby="where"></p>
            <p id="where" class="small">The first start of the node wrote it to a file,
            first-password.txt, in its data directory. <code>starling password</code> sets
            another.</p>
            <p class="buttons"><button name="decision" value="allow" class="main">Allow</button>
            <button name="decision" value="deny" formnovalidate>Deny</button></p>
            </form>
            <p class="small">\(whereTo)</p>
            """
    }

    private var website: String {
        guard let website = asked.app.website else { return "" }
        return
            "<p class=\"small\">It says that it is from <bdi>\(DisplayText.html(website))</bdi>, "
            + "and nobody has checked that.</p>\n"
    }

    private var permissions: String {
        asked.scopes.names.map { name in
            "<li>\(DisplayText.html(Self.words(name))) <code>\(DisplayText.html(name))</code></li>"
        }.joined(separator: "\n")
    }

    private var hidden: String {
        (asked.fields + [("form", token)]).map { field in
            "<input type=\"hidden\" name=\"\(DisplayText.html(field.name))\" "
                + "value=\"\(DisplayText.html(field.value))\">"
        }.joined(separator: "\n")
    }

    private var who: String {
        if let only = accounts.first, accounts.count == 1 {
            let did = DIDKey.encode(only.identity)
            return "<p>As <strong><bdi>\(DisplayText.html(only.name))</bdi></strong>"
                + "<input type=\"hidden\" name=\"account\" value=\"\(did)\"></p>"
        }
        guard let first = accounts.first else {
            return "<p class=\"problem\">Nobody lives here yet: <code>starling init</code></p>"
        }
        let choices = accounts.map { account in
            let mark = account.identity == (chosen ?? first).identity ? " checked" : ""
            let did = DIDKey.encode(account.identity)
            let name = DisplayText.html(account.name)
            return "<label class=\"choice\"><input type=\"radio\" name=\"account\" "
                + "value=\"\(did)\"\(mark)> <bdi>\(name)</bdi></label>"
        }
        return "<fieldset><legend>As</legend>\n\(choices.joined(separator: "\n"))\n</fieldset>"
    }

    private var whereTo: String {
        if asked.redirect == RedirectURI.outOfBand {
            return "You then get a code to give to the app."
        }
        let scheme = RedirectURI.scheme(asked.redirect) ?? ""
        if scheme == "http" || scheme == "https",
            let authority = RedirectURI.authority(asked.redirect)
        {
            return
                "You are then sent to <strong><bdi>\(DisplayText.html(authority))</bdi></strong>."
        }
        return "You are then sent to the app on this device that opens addresses with "
            + "<strong><bdi>\(DisplayText.html(scheme)):</bdi></strong>"
    }

    private static func words(_ scope: String) -> String {
        switch scope {
        case "read": return "read everything that you can read here"
        case "write": return "post, follow and change things in your name"
        case "follow": return "see and change whom you follow, mute and block"
        case "push": return "be woken by news (this node does not do that)"
        case "profile": return "see who you are"
        default: break
        }
        let parts = scope.split(separator: ":")
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return scope }
        let what = last.split(separator: "_").joined(separator: " ")
        if first == "admin" { return "administer the node (which no app can)" }
        return first == "read" ? "read your \(what)" : "change your \(what)"
    }

    // MARK: Other pages

    /// The code, for the person to carry.
    static func code(_ code: String, for app: App) -> HTTPResponse {
        page(
            "Your code",
            """
            <h1>Your code</h1>
            <p>Give this to <bdi>\(DisplayText.html(app.name))</bdi>. It is good once, for ten
            minutes.</p>
            <p><code class="code">\(DisplayText.html(code))</code></p>
            """)
    }

    static func message(_ title: String, _ words: String, status: Int = 200) -> HTTPResponse {
        page(
            title,
            "<h1>\(DisplayText.html(title))</h1>\n<p>\(DisplayText.html(words))</p>", status: status
        )
    }

    static func refusal(_ failure: HTTPFailure) -> HTTPResponse {
        message("That did not work", failure.message, status: failure.status)
    }

    private static func page(
        _ title: String, _ body: String, status: Int = 200, formAction: String = "'none'"
    ) -> HTTPResponse {
        let text = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex">
            <title>\(DisplayText.html(title)) · Starling</title>
            <style>\(style)</style>
            </head>
            <body>
            <main>
            \(body)
            </main>
            </body>
            </html>

            """
        var response = HTTPResponse.text(text, type: "text/html")
        response.status = status
        response.headers["Content-Security-Policy"] =
            "default-src 'none'; style-src 'sha256-\(styleHash)'; form-action \(formAction); "
            + "base-uri 'none'; frame-ancestors 'none'"
        response.headers["X-Frame-Options"] = "DENY"
        // With "no-referrer" a browser says "Origin: null" of the form, as of any other page's.
        response.headers["Referrer-Policy"] = "same-origin"
        return response
    }

    private static let styleHash = Base64.encode(SHA256.hash(Array(style.utf8)).array)

    private static let style = """

        :root { color-scheme: light dark; --ink: #1c1b22; --paper: #f4f3f7; --card: #fff;
          --main: #4b3fa8; --on-main: #fff; --edge: #85829a; --soft: #5b5869; --bad: #a3123a; }
        @media (prefers-color-scheme: dark) { :root { --ink: #eceaf4; --paper: #15141b;
          --card: #211f2b; --main: #b9b0ff; --on-main: #15141b; --edge: #8f8ba6; --soft: #b5b1c6;
          --bad: #ff9db4; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 1.0625rem/1.5 system-ui, sans-serif; }
        main { max-width: 32rem; margin: 6vh auto; padding: 1.5rem 1.75rem; background: var(--card);
          border-radius: .75rem; overflow-wrap: anywhere; }
        h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
        ul { padding-left: 1.25rem; }
        code { font-size: .875em; }
        label { display: block; font-weight: 600; }
        .choice { padding: .4rem 0; font-weight: 400; }
        input[type=password] { width: 100%; padding: .6rem; font: inherit; color: inherit;
          background: var(--paper); border: 1px solid var(--edge); border-radius: .4rem; }
        fieldset { margin: 1rem 0; border: 1px solid var(--edge); border-radius: .4rem; }
        .buttons { display: flex; gap: .75rem; flex-wrap: wrap; }
        button { flex: 1; padding: .65rem 1rem; font: inherit; font-weight: 600; color: inherit;
          background: transparent; border: 1px solid var(--edge); border-radius: .4rem;
          cursor: pointer; }
        .main { background: var(--main); color: var(--on-main); border-color: var(--main); }
        :focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
        .small { font-size: .875rem; color: var(--soft); }
        .problem { color: var(--bad); font-weight: 600; }
        .code { display: block; padding: .75rem; font-size: 1rem; background: var(--paper);
          border-radius: .4rem; user-select: all; }

        """
}
