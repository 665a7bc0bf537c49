import Foundation
import InvreqCore

/// A store that lives as long as the process: for tests, and for a host that keeps nothing.
///
/// A wallet in it forgets its invoices when the process ends, and with them the preimages of payments that are still to come. Its
/// writes are as atomic as those of any store, but they are not durable.
public final class MemoryStore: Store {
    private let native: BlockingStore

    /// An empty store.
    public init() {
        native = BlockingStore(openMemoryStore())
    }

    private init(_ store: NativeStore) {
        native = BlockingStore(store)
    }

    /// Another handle on the same entries, as if one file were opened twice: it is closed for itself.
    public func clone() -> MemoryStore {
        // One in memory always has another.
        MemoryStore(native.store.reopen() ?? openMemoryStore())
    }

    public func range(from start: Data, to end: Data, limit: Int) async throws -> [Entry] {
        try await native.range(from: start, to: end, limit: limit)
    }

    public func write(_ batch: Batch) async throws {
        try await native.write(batch)
    }

    public func close() async throws {
        try await native.close()
    }
}

/// A durable store in one SQLite file; the same file in every language of the library.
///
/// ```swift
/// let store = try await SqliteStore.open("wallet.db")
/// ```
///
/// Several processes can have the file open, and stay right. Which of them sends cannot be chosen, so a copy may leave twice; a wait in
/// one of them ends when it next reads the store, as in ``Payee/resume()``. See docs/STORE.md, "Several processes".
public final class SqliteStore: Store {
    private let native: BlockingStore

    /// Opens the store in this file, which is made where it does not exist; its folder must exist.
    ///
    /// Throws an ``InvreqError``: `wrong_store` for a file of something else, `store_corrupt`, `store_failed`.
    public static func open(_ path: String) async throws(InvreqError) -> SqliteStore {
        // A path is text without NUL for every system.
        if path.utf8.contains(0) { throw InvreqError(.invalidParameter, "path has a NUL in it") }
        switch try await blocking({ try openSqliteStore(path: path) }) {
        case .store(let store): return SqliteStore(store)
        case .failed(let error): throw InvreqError(store: error)
        }
    }

    private init(_ store: NativeStore) {
        native = BlockingStore(store)
    }

    public func range(from start: Data, to end: Data, limit: Int) async throws -> [Entry] {
        try await native.range(from: start, to: end, limit: limit)
    }

    public func write(_ batch: Batch) async throws {
        try await native.write(batch)
    }

    public func close() async throws {
        try await native.close()
    }
}

/// A store of the core, with its blocking calls away from the tasks' threads.
private final class BlockingStore: Sendable {
    let store: NativeStore
    private let queue = DispatchQueue(label: "invreq.store")

    init(_ store: NativeStore) {
        self.store = store
    }

    func range(from start: Data, to end: Data, limit: Int) async throws -> [Entry] {
        let store = store
        let read = try await blocking(on: queue) {
            try store.range(start: start, end: end, limit: UInt32(clamping: limit))
        }
        switch read {
        case .entries(let entries): return entries
        case .failed(let error): throw error
        }
    }

    func write(_ batch: Batch) async throws {
        let store = store
        if let error = try await blocking(on: queue, { try store.write(batch: batch) }) { throw error }
    }

    func close() async throws {
        let store = store
        if let error = try await blocking(on: queue, { try store.close() }) { throw error }
    }
}

/// Makes a call that blocks, on a queue's thread.
func blocking<Value: Sendable>(
    on queue: DispatchQueue = DispatchQueue(label: "invreq.blocking"),
    _ call: @escaping @Sendable () throws -> Value
) async throws(InvreqError) -> Value {
    do {
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: call)) }
        }
    } catch {
        throw known(error)
    }
}
