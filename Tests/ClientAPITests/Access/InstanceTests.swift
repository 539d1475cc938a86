import Crypto
import Foundation
import Node
import Primitives
import Testing

@testable import ClientAPI

/// What a client asks of the server as a whole.
@Suite(.serialized) struct InstanceTests {
    @Test func whatTheServerIs() throws {
        var facts = Instance.Facts()
        facts.people = 7
        facts.rules = ["Be kind"]
        facts.contact = ["id": "5"]
        let house = try AccessHouse(facts: facts)
        let first = try house.ask("GET /api/v1/instance")
        #expect(first["version"] == "4.3.0 (compatible; starling \(Node.version))")
        #expect(first["uri"] == "localhost:\(house.port)")
        #expect(first.json?["stats"]?["user_count"] == 7)
        #expect(first.json?["contact_account"]?["id"] == "5")
        #expect(first.json?["urls"]?["streaming_api"] == .string("ws://localhost:\(house.port)"))
        #expect(first.headers["Access-Control-Allow-Origin"] == "*")
        let second = try house.ask(
            "GET /api/v2/instance/", ["X-Forwarded-Proto: https"], host: "social.example")
        #expect(second["domain"] == "social.example")
        #expect(second.json?["api_versions"]?["mastodon"] == 2)
        #expect(second.json?["registrations"]?["enabled"] == false)
        #expect(second.json?["configuration"]?["urls"]?["streaming"] == "wss://social.example")
        let rule: JSONValue = ["id": "1", "text": "Be kind", "hint": ""]
        #expect(second.json?["rules"] == [rule])
        #expect(try house.ask("GET /api/v1/instance/rules").json == [rule])
        #expect(
            try house.ask("GET /icon.svg").headers["Content-Type"]?.hasPrefix("image/svg") == true)
    }

    /// What a client is promised to have room for does have room, in the longest characters.
    @Test func whatIsPromisedFits() throws {
        let house = try AccessHouse()
        let limits = try house.ask("GET /api/v2/instance").json?["configuration"]
        func number(_ room: String, _ name: String) -> Int {
            if case .integer(let value)? = limits?[room]?[name] { Int(value) } else { -1 }
        }
        let characters = number("statuses", "max_characters")
        #expect(characters >= 5_000)
        #expect(ContentLimits.note.contains(characters * "\u{1f426}".utf8.count))
        let option = number("polls", "max_characters_per_option")
        #expect(option >= 50 && ContentLimits.pollOption.contains(option * 4))
        #expect(number("polls", "max_options") == ContentLimits.pollOptions.upperBound)
        #expect(number("media_attachments", "image_size_limit") == Limits.HTTP.upload)
        #expect(
            number("statuses", "max_media_attachments") == ContentLimits.attachments.upperBound)
    }

    @Test func whoLivesHere() throws {
        let house = try AccessHouse(["ada", "Bob B."])
        func ask(_ resource: String, host: String = "social.example") throws -> Answer {
            try house.ask(
                "GET /.well-known/webfinger?resource=" + URLText.encode(resource), host: host)
        }
        let ada = try ask("acct:ada@social.example")
        #expect(ada["subject"] == "acct:ada@social.example")
        #expect(ada.headers["Content-Type"]?.hasPrefix("application/jrd+json") == true)
        #expect(ada.json?["aliases"] != nil)
        #expect(try ask("acct:Bob%20B.@social.example")["subject"] != nil)
        #expect(try ask("ada@social.example").status == 200)
        #expect(try ask("http://social.example/@ada").status == 200)
        let local = "localhost:\(house.port)"
        #expect(try ask("acct:ada@localhost", host: local).status == 200)
        #expect(try ask("acct:ada@" + local, host: local).status == 200)
        for none in [
            "acct:eve@social.example", "acct:ada@evil.example", "acct:ada", "acct:@social.example",
            "http://evil.example/@ada", "acct:%@social.example", "\u{0}",
        ] {
            #expect(try [400, 404].contains(ask(none).status), "\(none)")
        }
        #expect(try house.ask("GET /.well-known/webfinger").status == 400)
        let info = try house.ask("GET /nodeinfo/2.0")
        #expect(info.json?["software"]?["name"] == "starling")
        #expect(info.json?["usage"]?["users"]?["total"] == 2)
        let links = try house.ask("GET /.well-known/nodeinfo").text
        #expect(links.contains("/nodeinfo/2.0"))
    }

    @Test func whatThereIsNoneOf() throws {
        let house = try AccessHouse()
        let bearer =
            "Authorization: Bearer "
            + (try house.token(try house.register(scopes: "read write push"), scope: "read push"))
        for name in [
            "custom_emojis", "trends", "trends/tags", "trends/statuses", "trends/links",
            "directory", "instance/peers", "instance/activity", "instance/domain_blocks",
        ] {
            let answer = try house.ask("GET /api/v1/" + name)
            #expect(answer.status == 200 && answer.json == [], "\(name)")
        }
        for name in [
            "v1/announcements", "v1/endorsements",
            "v1/featured_tags", "v1/featured_tags/suggestions", "v1/followed_tags",
            "v1/domain_blocks", "v1/scheduled_statuses", "v1/conversations",
        ] {
            #expect(try house.ask("GET /api/" + name).status == 401, "\(name)")
            let answer = try house.ask("GET /api/" + name, [bearer])
            #expect(answer.status == 200 && answer.json == [], "\(name)")
        }
        let preferences = try house.ask("GET /api/v1/preferences", [bearer])
        #expect(preferences["posting:default:visibility"] == "public")
        #expect(try house.ask("GET /api/v1/push/subscription", [bearer]).status == 404)
        let push = try house.ask("POST /api/v1/push/subscription", [bearer], body: [])
        #expect(push.status == 422 && push["error"]?.contains("push server") == true)
    }

    @Test func whatCannotBeDone() throws {
        let house = try AccessHouse()
        let app = try house.register(scopes: "read write admin:write")
        let bearer =
            "Authorization: Bearer " + (try house.token(app, scope: "read write admin:write"))
        func status(_ line: String) throws -> Int {
            let body: [UInt8]? = line.hasPrefix("GET") ? nil : []
            let answer = try house.ask(line, [bearer], body: body)
            if answer.status >= 400 { #expect(answer["error"]?.isEmpty == false, "\(line)") }
            return answer.status
        }
        #expect(try status("POST /api/v1/reports") == 422)
        #expect(try status("POST /api/v1/domain_blocks") == 422)
        #expect(try status("GET /api/v1/scheduled_statuses/1") == 404)
        #expect(try status("POST /api/v1/conversations/1/read") == 404)
        #expect(try status("GET /api/v1/instance/terms_of_service") == 404)
        #expect(try status("GET /api/oembed?url=http://localhost/@ada/1") == 404)
        #expect(try status("GET /api/oembed") == 422)
        for line in [
            "GET /api/v1/admin/accounts", "POST /api/v1/admin/accounts/1/action",
            "GET /api/v2/admin/accounts", "DELETE /api/v1/admin/email_domain_blocks/1",
            "POST /api/v1/admin/trends/links/publishers/1",
        ] {
            #expect(try [403, 404].contains(status(line)), "\(line)")
        }
        #expect(try status("GET /api/v1/admin/accounts") == 403)
    }
}
