import Foundation
import InvreqCore

/// The most of a host's sentence that goes into an error.
private let longestReason = 1024

/// What a host threw, as a sentence for the error of the call.
func reason(of error: any Error) -> String {
    let told =
        switch error {
        case BadValue.Malformed(let message), BadValue.Broken(let message): message
        case is CancellationError: "it was cancelled"
        case let error as any LocalizedError: error.errorDescription ?? String(describing: error)
        default: String(describing: error)
        }
    return String(told.prefix(longestReason))
}

/// Any error as one of the library's: what it does not know is `internal`.
func known(_ error: any Error) -> InvreqError {
    switch error {
    case let error as InvreqError: error
    case let error as StoreError: InvreqError(store: error)
    case BadValue.Malformed(let message): InvreqError(.invalidParameter, message)
    case BadValue.Broken(let message): InvreqError(.internal, message)
    case is CancellationError: InvreqError(.cancelled, "the caller ended the wait")
    default: InvreqError(.internal, "something unexpected: \(reason(of: error))")
    }
}

/// An error of the host's that is no answer to a question.
func known(_ error: any Error, from what: String) -> InvreqError {
    (error as? InvreqError) ?? InvreqError(.missingAnswer, "\(what): \(reason(of: error))")
}

/// Does something, and says in the library's words why it failed.
func throwing<Value>(_ work: () throws -> Value) throws(InvreqError) -> Value {
    do {
        return try work()
    } catch {
        throw known(error)
    }
}

/// What a store threw: its own error, or `failed`.
func storeError(_ error: any Error) -> InvreqError {
    InvreqError(store: (error as? StoreError) ?? .failed(reason(of: error)))
}
