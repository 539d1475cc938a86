/// The head of a request as the library hands it over, before anything in it is believed.
package struct RequestHead: Sendable {
    package struct Field: Sendable {
        package var name: [UInt8]
        package var value: [UInt8]

        package init(_ name: [UInt8], _ value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    package var method: String
    package var target: [UInt8]
    package var version: String
    package var fields: [Field]
    /// Whether the head stood on the wire as it reads here: one space between the parts of the
    /// first line, every line ended by CR LF, none folded, no NUL. False when the library has
    /// mended something, because whoever passed the request on may have mended it another way.
    package var isAsSent: Bool

    package init(
        method: String, target: [UInt8], version: String, fields: [Field], isAsSent: Bool = true
    ) {
        self.method = method
        self.target = target
        self.version = version
        self.fields = fields
        self.isAsSent = isAsSent
    }
}

/// Which page a request comes from, by what the browser says of it.
package enum Site: Sendable, Equatable {
    /// A page of this node, or the person at the address bar.
    case same
    /// Another page.
    case other
    /// No browser that says so: a program.
    case unsaid
}

/// A head that the gate let through.
package struct Admitted: Sendable, Equatable {
    package enum Body: Sendable, Equatable {
        case none
        case length(Int)
        case chunked
    }

    package var method: HTTPMethod
    package var path: [String]
    package var query: String
    package var headers: HTTPHeaders
    package var body: Body
    package var site: Site
    package var expectsContinue: Bool
    /// Whether the client may send another request on this connection: never after a chunked body,
    /// whose lines the library reads more kindly than whoever stands before it.
    package var mayStay: Bool
}
