/// Where everything about sockets happens, one thing at a time.
@globalActor
actor Sockets {
    static let shared = Sockets()
}
