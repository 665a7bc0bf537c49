use std::time::{SystemTime, UNIX_EPOCH};

use bitcoin::absolute::LockTime;
use bitcoin::block::{Header, Version};
use bitcoin::constants::genesis_block;
use bitcoin::hashes::Hash;
use bitcoin::{
    transaction, Amount, Block, BlockHash, CompactTarget, Network, OutPoint, ScriptBuf, Sequence,
    Transaction, TxIn, TxMerkleNode, TxOut, Txid, Witness,
};
use lightning::chain::{BestBlock, Confirm};

/// A chain of made-up regtest blocks, kept whole so that a node which was down can catch up.
pub(crate) struct Chain {
    genesis: BlockHash,
    blocks: Vec<Block>,
    unconfirmed: Vec<Transaction>,
    funding_count: u8,
}

impl Chain {
    pub(crate) fn new() -> Chain {
        let genesis = genesis_block(Network::Regtest).block_hash();
        Chain {
            genesis,
            blocks: Vec::new(),
            unconfirmed: Vec::new(),
            funding_count: 0,
        }
    }

    pub(crate) fn tip(&self) -> BestBlock {
        let hash = self.blocks.last().map_or(self.genesis, Block::block_hash);
        BestBlock::new(hash, self.height())
    }

    pub(crate) fn height(&self) -> u32 {
        self.blocks.len() as u32
    }

    /// A transaction that pays `value` to `script` from nowhere, to be confirmed by the next block.
    pub(crate) fn fund(&mut self, script: ScriptBuf, value: Amount) -> Transaction {
        self.funding_count += 1;
        let previous_output = OutPoint::new(Txid::from_byte_array([self.funding_count; 32]), 0);
        // LDK takes funding transactions with a witness only, because others are malleable.
        let witness = Witness::from_slice(&[[1u8; 64]]);
        let input = TxIn {
            previous_output,
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness,
        };
        let transaction = Transaction {
            version: transaction::Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![input],
            output: vec![TxOut {
                value,
                script_pubkey: script,
            }],
        };
        self.unconfirmed.push(transaction.clone());
        transaction
    }

    /// Appends a block stamped with the time of now.
    pub(crate) fn mine(&mut self) {
        let header = Header {
            version: Version::NO_SOFT_FORK_SIGNALLING,
            prev_blockhash: self.tip().block_hash,
            merkle_root: TxMerkleNode::all_zeros(),
            time: unix_time().as_secs() as u32,
            bits: CompactTarget::from_consensus(42),
            nonce: self.height(),
        };
        self.blocks.push(Block {
            header,
            txdata: std::mem::take(&mut self.unconfirmed),
        });
    }

    /// Tells `listener` of all blocks above `height`.
    pub(crate) fn replay(&self, height: u32, listener: &dyn Confirm) {
        for (block, height) in self.blocks.iter().skip(height as usize).zip(height + 1..) {
            let transactions: Vec<_> = block.txdata.iter().enumerate().collect();
            if !transactions.is_empty() {
                listener.transactions_confirmed(&block.header, &transactions, height);
            }
            listener.best_block_updated(&block.header, height);
        }
    }
}

/// The time since 1970 by the system's clock, which LDK's `std` feature reads as well.
pub(crate) fn unix_time() -> std::time::Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970")
}
