import Foundation

/// What a payee is opened with.
public struct PayeeOptions: Sendable {
    /// The network the wallet lives on.
    public var network: Network
    /// Where invoices are kept.
    public var store: any Store
    /// Where money comes in.
    public var source: any PaymentSource
    /// How messages go out.
    public var transport: any Transport
    /// 32 bytes that the wallet uses for nothing else: a sub-key, never its root.
    public var seed: Data
    /// Signs with keys the host keeps, where a call names one.
    public var signer: (any Signer)?
    /// Tells wallets in one store apart: 1 to 64 letters, digits, `-`, `_` or `.`.
    public var walletId: String
    /// The time.
    public var clock: any HostClock
    /// The dice; the system's where it is `nil`.
    public var entropy: Entropy?
    /// Hears every event from the very first one on, as ``Payee/events`` does later. It must not block.
    public var onEvent: (@Sendable (PayeeEvent) -> Void)?

    /// Options with the parts every payee needs; the rest has defaults.
    public init(
        network: Network,
        store: any Store,
        source: any PaymentSource,
        transport: any Transport,
        seed: Data,
        signer: (any Signer)? = nil,
        walletId: String = "main",
        clock: any HostClock = SystemClock(),
        entropy: Entropy? = nil,
        onEvent: (@Sendable (PayeeEvent) -> Void)? = nil
    ) {
        self.network = network
        self.store = store
        self.source = source
        self.transport = transport
        self.seed = seed
        self.signer = signer
        self.walletId = walletId
        self.clock = clock
        self.entropy = entropy
        self.onEvent = onEvent
    }
}

extension PayeeOptions: CustomStringConvertible, CustomReflectable {
    /// Without the seed.
    public var description: String { "PayeeOptions(network: \(network.rawValue), walletId: \(walletId))" }

    /// Without the seed.
    public var customMirror: Mirror {
        Mirror(self, children: ["network": network, "walletId": walletId])
    }
}

/// A network.
public enum Network: String, Sendable, CaseIterable {
    case bitcoin, testnet, testnet4, signet, regtest
}
