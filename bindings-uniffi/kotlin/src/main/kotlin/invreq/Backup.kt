@file:JvmName("Backup")

package invreq

import invreq.core.Exported
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * Everything a store holds of a wallet, for [importWallet].
 *
 * The dump is checksummed, and as secret as the store: it is not encrypted. It shows one moment. Where the wallet is written meanwhile it
 * is read again, and after three times it throws a conflict; so it is best made while the wallet is closed. An older dump loses what came
 * after it, and nothing else: no secret is ever used twice.
 *
 * @throws StoreException what the store throws; foreign where there is no such wallet.
 */
@JvmOverloads
public suspend fun exportWallet(
    store: Store,
    walletId: String = "main",
): ByteArray =
    withContext(Dispatchers.IO) {
        when (val exported = glue { invreq.core.exportWallet(BlockingStore(store), walletId) }) {
            is Exported.Dump -> exported.dump
            is Exported.Failed -> throw StoreException(exported.error)
        }
    }

/**
 * Writes a dump of [exportWallet] into a store that holds nothing of the wallet yet.
 *
 * The dump is examined as a whole before anything is written: a damaged one is `corrupt`, one of another format or a later version
 * `foreign`. Where the store holds something of the wallet, it throws a conflict. A large dump takes several writes; where one of them
 * fails, the wallet cannot be opened until the same dump is imported once more, which then takes it up.
 *
 * @throws StoreException what the store throws.
 */
@JvmOverloads
public suspend fun importWallet(
    store: Store,
    dump: ByteArray,
    walletId: String = "main",
): Unit =
    withContext(Dispatchers.IO) {
        glue { invreq.core.importWallet(BlockingStore(store), walletId, dump) }?.let { throw StoreException(it) }
    }
