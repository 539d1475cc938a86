/// What the gate asks of a request once its route is known: which page may send it.
extension Gate {
    /// By `Sec-Fetch-Site` and `Origin`; when both are there, the worse of the two counts.
    static func site(_ headers: HTTPHeaders, host: String) -> Site {
        var site = Site.unsaid
        if let fetch = headers["Sec-Fetch-Site"] {
            // "none" is the person at the address bar. "same-site" is another name or port.
            site = fetch == "same-origin" || fetch == "none" ? .same : .other
        }
        if let origin = headers["Origin"] {
            let text = String(decoding: origin.utf8.map(lower), as: UTF8.self)
            let isOwn = text == "http://" + host || text == "https://" + host
            site = isOwn && site != .other ? .same : .other
        }
        return site
    }

    /// Refuses what another page must not ask for.
    ///
    /// A safe method changes nothing, and what it tells no other page can read without CORS. What
    /// changes something is for pages of this node, except where the route takes requests from
    /// anywhere: there only a token counts, which no browser adds by itself.
    package static func checkOrigin(
        _ admitted: Admitted, isOpen: Bool
    ) throws(HTTPFailure) {
        guard !admitted.method.isSafe, !isOpen else { return }
        switch admitted.site {
        case .same: return
        case .other: throw HTTPFailure(403, "Another page may not ask for this")
        case .unsaid:
            // Every browser that keeps cookies says where a request that changes something is from.
            guard admitted.headers["Cookie"] == nil else {
                throw HTTPFailure(403, "A request with cookies must say which page it comes from")
            }
        }
    }

    /// The cookies that a route may believe: none of a request that another page caused, but for
    /// a link that was followed, which shows a page and changes nothing.
    package static func cookies(_ admitted: Admitted) -> [String: String] {
        let headers = admitted.headers
        let isLink =
            admitted.method == .get && headers["Sec-Fetch-Mode"] == "navigate"
            && headers["Sec-Fetch-Dest"] == "document" && headers["Origin"] == nil
        let mayCount =
            switch admitted.site {
            case .same: true
            case .unsaid: admitted.method.isSafe
            case .other: isLink
            }
        guard mayCount, let text = headers["Cookie"] else { return [:] }
        var cookies: [String: String] = [:]
        for pair in text.utf8.split(separator: UInt8(ascii: ";")) {
            let pair = Array(trimmed(Array(pair)[...]))
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), equals > 0 else { continue }
            // The first of a name counts: browsers send the one with the narrowest path first.
            let name = String(decoding: pair[..<equals], as: UTF8.self)
            if cookies[name] == nil {
                cookies[name] = String(decoding: pair[(equals + 1)...], as: UTF8.self)
            }
        }
        return cookies
    }

    /// The token of `Authorization: Bearer …` (RFC 6750 §2.1); nil for anything else.
    static func bearer(_ headers: HTTPHeaders) -> String? {
        guard let text = headers["Authorization"] else { return nil }
        let parts = text.split(separator: " ")
        guard parts.count == 2, HTTPHeaders.same(String(parts[0]), "Bearer"),
            parts[1].utf8.count <= 512
        else { return nil }
        return String(parts[1])
    }
}
