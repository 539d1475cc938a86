import Primitives

/// What the Mastodon API has and a square that no one owns has not: each path says so in words, in
/// place of an address where there is nothing.
extension Mastodon {
    func addAbsent(_ router: inout Router) {
        for path in ["/api/v1/follow_requests", "/api/v1/notifications/requests"] {
            add(&router, .get, path, .scope("read")) { _ throws(HTTPFailure) in .json([]) }
        }
        add(&router, .get, "/api/v1/notifications/requests/merged", .scope("read")) {
            _ throws(HTTPFailure) in .json(["merged": true])
        }
        let requests = "There are no requests: everybody may follow what is public"
        for path in [
            "/api/v1/follow_requests/:id/authorize", "/api/v1/follow_requests/:id/reject",
            "/api/v1/notifications/requests/accept", "/api/v1/notifications/requests/dismiss",
            "/api/v1/notifications/requests/:id/accept",
            "/api/v1/notifications/requests/:id/dismiss",
        ] { refuse(&router, .post, path, 404, requests) }
        refuse(&router, .get, "/api/v1/notifications/requests/:id", 404, requests)

        let reports = "There are no reports on anybody's year"
        let report = "/api/v1/annual_reports/:year"
        refuse(&router, .get, report, 404, reports)
        refuse(&router, .get, report + "/state", 404, reports)
        refuse(&router, .post, report + "/generate", 404, reports)
        refuse(&router, .post, report + "/read", 404, reports)

        let collections = "There are no collections: a list is the reader's own"
        let one = "/api/v1/collections/:id"
        for path in ["/api/v1/accounts/:id/collections", "/api/v1/accounts/:id/in_collections"] {
            add(&router, .get, path, .open("read")) { _ throws(HTTPFailure) in
                .json(["collections": [], "accounts": []])
            }
        }
        refuse(&router, .post, "/api/v1/collections", 422, collections)
        for method in [HTTPMethod.get, .patch, .delete] {
            refuse(&router, method, one, 404, collections)
        }
        refuse(&router, .post, one + "/items", 404, collections)
        refuse(&router, .delete, one + "/items/:item", 404, collections)
        refuse(&router, .post, one + "/items/:item/revoke", 404, collections)

        let quotes = "What is public may be quoted by anybody"
        refuse(&router, .post, "/api/v1/statuses/:id/quotes/:quote/revoke", 422, quotes)
        refuse(&router, .put, "/api/v1/statuses/:id/interaction_policy", 422, quotes)
        let profile = "Use accounts/verify_credentials and accounts/update_credentials"
        for method in [HTTPMethod.get, .patch] {
            refuse(&router, method, "/api/v1/profile", 404, profile)
        }
        refuse(
            &router, .post, "/api/v1/accounts", 403,
            "Accounts are made by the node's owner: starling init")
    }

    private func refuse(
        _ router: inout Router, _ method: HTTPMethod, _ path: String, _ status: Int, _ words: String
    ) {
        add(&router, method, path, .open("read")) { _ throws(HTTPFailure) in
            throw HTTPFailure(status, words)
        }
    }
}
