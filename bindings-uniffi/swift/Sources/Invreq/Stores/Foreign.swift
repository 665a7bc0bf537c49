import Foundation
import InvreqCore

/// Everything a store holds of a wallet, as bytes: a backup. It is as secret as the store itself.
///
/// It shows one moment. Where the wallet is written meanwhile it is read again, and after three times it throws `store_conflict`; so it
/// is best made while the wallet is closed.
///
/// Throws `invalid_parameter` for what is no wallet id; `wrong_store` where there is no such wallet; `store_corrupt` where an import
/// into the wallet was not finished; the errors of the store.
public func exportWallet(
    _ store: any Store, walletId: String = "main"
) async throws(InvreqError) -> Data {
    let foreign = AwaitingStore(store)
    switch try await blocking({ try InvreqCore.exportWallet(store: foreign, walletId: walletId) }) {
    case .dump(let dump): return dump
    case .failed(let error): throw InvreqError(store: error)
    }
}

/// Writes a backup into a store that holds nothing of the wallet yet.
///
/// The backup is examined as a whole before anything is written. A large one takes several writes; where one of them fails, the wallet
/// cannot be opened until the same backup is imported once more, which then takes it up.
///
/// Throws `store_conflict` where the store holds something of the wallet; `store_corrupt` or `wrong_store` for bytes that are no backup;
/// `invalid_parameter` for what is no wallet id; the errors of the store.
public func importWallet(
    _ dump: Data, into store: any Store, walletId: String = "main"
) async throws(InvreqError) {
    let foreign = AwaitingStore(store)
    let failed = try await blocking {
        try InvreqCore.importWallet(store: foreign, walletId: walletId, dump: dump)
    }
    if let failed { throw InvreqError(store: failed) }
}

/// What came out of one check of the suite.
public typealias ConformanceCheck = InvreqCore.ConformanceCheck

/// Makes every check of the suite that shows whether a store keeps the contract: for the tests of an app that brings its own.
///
/// It passes where no check has `failed`. Throws only for a defect of the library.
///
/// - Parameters:
///   - durable: Whether the data outlives its last handle.
///   - shared: Whether it can be open more than once at a time.
///   - open: Opens the data of a name: nothing at first, and the same data again under the same name.
public func storeConformance(
    durable: Bool, shared: Bool, _ open: @escaping @Sendable (String) async throws -> any Store
) async throws(InvreqError) -> [ConformanceCheck] {
    let stores = AwaitingStores(open)
    return try await blocking {
        try InvreqCore.storeConformance(stores: stores, durable: durable, shared: shared)
    }
}

/// A store as the core calls it: on a thread that may wait.
private final class AwaitingStore: HostStore {
    private let store: any Store

    init(_ store: any Store) {
        self.store = store
    }

    func range(start: Data, end: Data, limit: UInt32) -> StoreRead {
        let store = store
        do {
            return .entries(
                entries: try awaited { try await store.range(from: start, to: end, limit: Int(limit)) })
        } catch {
            return .failed(error: error)
        }
    }

    func write(batch: Batch) -> StoreError? {
        let store = store
        return failure { try await store.write(batch) }
    }

    func close() -> StoreError? {
        let store = store
        return failure { try await store.close() }
    }
}

private final class AwaitingStores: HostStores {
    private let opener: @Sendable (String) async throws -> any Store

    init(_ opener: @escaping @Sendable (String) async throws -> any Store) {
        self.opener = opener
    }

    func openStore(name: String) -> HostStoreOpened {
        let opener = opener
        do {
            return .store(store: AwaitingStore(try awaited { try await opener(name) }))
        } catch {
            return .failed(error: error)
        }
    }
}

private func failure(_ call: @escaping @Sendable () async throws -> Void) -> StoreError? {
    do {
        try awaited(call)
        return nil
    } catch {
        return error
    }
}

/// Waits for a call on this thread, which is none of the tasks'.
private func awaited<Value: Sendable>(
    _ call: @escaping @Sendable () async throws -> Value
) throws(StoreError) -> Value {
    let done = DispatchSemaphore(value: 0)
    let result = Locked<Result<Value, StoreError>?>(nil)
    Task {
        let outcome: Result<Value, StoreError>
        do {
            outcome = .success(try await call())
        } catch {
            outcome = .failure((error as? StoreError) ?? .failed(reason(of: error)))
        }
        result.with { $0 = outcome }
        done.signal()
    }
    done.wait()
    guard let outcome = result.with({ $0 }) else { throw .failed("it gave no answer") }
    return try outcome.get()
}
