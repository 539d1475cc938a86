import Primitives

/// What cannot be done here, with why, and with what can be done instead.
extension Instance {
    func addRefusals(to router: inout Router) {
        addPush(to: &router)
        addMissing(to: &router)
        addUnmoderated(to: &router)
        addAdministration(to: &router)
    }

    private func addPush(to router: inout Router) {
        let path = "/api/v1/push/subscription"
        let none = HTTPFailure(404, "There is no subscription")
        refused(&router, .get, path, "push", none)
        refused(&router, .put, path, "push", none)
        refused(
            &router, .post, path, "push",
            HTTPFailure(
                422,
                "This node asks no push server, which would learn when you are written to: keep a "
                    + "stream open instead"))
        own(&router, .delete, path, "push") { _, _ in .json([:]) }
    }

    /// Single things out of lists that are empty.
    private func addMissing(to router: inout Router) {
        let none = HTTPFailure(404, "There is nothing of that name")
        let missing: [(HTTPMethod, String, String)] = [
            (.post, "announcements/:id/dismiss", "write:accounts"),
            (.put, "announcements/:id/reactions/:name", "write:favourites"),
            (.delete, "announcements/:id/reactions/:name", "write:favourites"),
            (.get, "scheduled_statuses/:id", "read:statuses"),
            (.put, "scheduled_statuses/:id", "write:statuses"),
            (.delete, "scheduled_statuses/:id", "write:statuses"),
            (.delete, "conversations/:id", "write:conversations"),
            (.post, "conversations/:id/read", "write:conversations"),
            (.delete, "featured_tags/:id", "write:accounts"),
            (.post, "annual_reports/:year/read", "write:accounts"),
        ]
        for (method, name, scope) in missing {
            refused(&router, method, "/api/v1/" + name, scope, none)
        }
        open(&router, .get, "/api/v1/emails/check_confirmation") { _ in .json(true) }
        open(&router, .post, "/api/v1/emails/confirmations") { _ throws(HTTPFailure) in
            throw HTTPFailure(403, "This node knows no addresses of e-mail")
        }
    }

    private func addUnmoderated(to router: inout Router) {
        refused(
            &router, .post, "/api/v1/reports", "write:reports",
            HTTPFailure(
                422,
                "There is nobody to report to: no one owns the square. You can mute or block "
                    + "people, and publish labels for others who choose to read them"))
        refused(
            &router, .post, "/api/v1/domain_blocks", "write:blocks",
            HTTPFailure(422, "People here belong to no domain: mute or block them one by one"))
        refused(
            &router, .post, "/api/v1/featured_tags", "write:accounts",
            HTTPFailure(422, "Profiles here have no featured tags"))
    }

    /// Nobody administers others from afar: the owner has `starling` at the machine itself.
    private func addAdministration(to router: inout Router) {
        let failure = HTTPFailure(
            403, "No app administers this node: its owner does, with the program starling")
        for version in ["v1", "v2"] {
            var path = "/api/\(version)/admin"
            for part in ["/:a", "/:b", "/:c", "/:d"] {
                path += part
                for method in [HTTPMethod.get, .post, .put, .patch, .delete] {
                    open(&router, method, path) { _ throws(HTTPFailure) in throw failure }
                }
            }
        }
    }
}
