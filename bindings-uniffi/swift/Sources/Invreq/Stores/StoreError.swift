import Foundation
import InvreqCore

/// Why a store did not do what it was asked: a sentence for a person, without keys and values.
public typealias StoreError = InvreqCore.StoreError

/// The condition of a batch that did not hold.
public typealias Conflict = InvreqCore.Conflict

/// A key and its value: 1 to 512 bytes, and at most 1 MiB.
public typealias Entry = InvreqCore.Entry

/// One write: what to change, and what must hold for it; at most 4 MiB.
public typealias Batch = InvreqCore.Batch

extension StoreError: Error, LocalizedError, CustomStringConvertible {
    /// The sentence for a person.
    public var errorDescription: String? { storeErrorDetails(error: self).message }

    /// The sentence for a person.
    public var description: String { storeErrorDetails(error: self).message }

    var isConflict: Bool {
        if case .conflict = self { return true }
        return false
    }
}

extension InvreqError {
    /// What a store's error is to a caller of the library.
    public init(store error: StoreError) {
        self = storeErrorDetails(error: error)
    }
}
