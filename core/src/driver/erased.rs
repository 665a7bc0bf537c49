//! The host's traits behind pointers, so that [`Payee`](crate::driver::Payee) has no type parameters.

use core::future::Future;
use core::pin::Pin;

use bitcoin::secp256k1::PublicKey;

use crate::driver::{Clock, HostError, PaymentSource, Received, Signer, Transport};
use crate::engine::{Delivery, InboundPayment, InboundPaymentRequest, Route, SendOutcome, SignRequest};
use crate::onion::SharedSecret;
use crate::store::{Batch, Entry, Store, StoreError};

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub(crate) trait DynStore: Send + Sync {
    fn range<'a>(
        &'a self,
        start: &'a [u8],
        end: &'a [u8],
        limit: usize,
    ) -> Boxed<'a, Result<Vec<Entry>, StoreError>>;
    fn write<'a>(&'a self, batch: &'a Batch) -> Boxed<'a, Result<(), StoreError>>;
    fn close(&self) -> Boxed<'_, Result<(), StoreError>>;
}

impl<S: Store> DynStore for S {
    fn range<'a>(
        &'a self,
        start: &'a [u8],
        end: &'a [u8],
        limit: usize,
    ) -> Boxed<'a, Result<Vec<Entry>, StoreError>> {
        Box::pin(Store::range(self, start, end, limit))
    }

    fn write<'a>(&'a self, batch: &'a Batch) -> Boxed<'a, Result<(), StoreError>> {
        Box::pin(Store::write(self, batch))
    }

    fn close(&self) -> Boxed<'_, Result<(), StoreError>> {
        Box::pin(Store::close(self))
    }
}

pub(crate) trait DynSource: Send + Sync {
    fn create<'a>(
        &'a self,
        request: &'a InboundPaymentRequest,
    ) -> Boxed<'a, Result<InboundPayment, HostError>>;
    fn can_receive(&self, amount_msat: u64) -> Boxed<'_, Option<bool>>;
}

impl<P: PaymentSource> DynSource for P {
    fn create<'a>(
        &'a self,
        request: &'a InboundPaymentRequest,
    ) -> Boxed<'a, Result<InboundPayment, HostError>> {
        Box::pin(self.create_inbound_payment(request))
    }

    fn can_receive(&self, amount_msat: u64) -> Boxed<'_, Option<bool>> {
        Box::pin(PaymentSource::can_receive(self, amount_msat))
    }
}

pub(crate) trait DynTransport: Send + Sync {
    fn send<'a>(&'a self, delivery: &'a Delivery) -> Boxed<'a, SendOutcome>;
    fn resolve_scid(&self, scid: u64, direction: u8) -> Boxed<'_, Result<Option<PublicKey>, HostError>>;
    fn find_route(&self, node_id: PublicKey) -> Boxed<'_, Result<Option<Route>, HostError>>;
    fn receive(&self) -> Boxed<'_, Received>;
    fn ecdh(&self, node_id: PublicKey, point: PublicKey) -> Boxed<'_, Result<SharedSecret, HostError>>;
}

impl<T: Transport> DynTransport for T {
    fn send<'a>(&'a self, delivery: &'a Delivery) -> Boxed<'a, SendOutcome> {
        Box::pin(Transport::send(self, delivery))
    }

    fn resolve_scid(&self, scid: u64, direction: u8) -> Boxed<'_, Result<Option<PublicKey>, HostError>> {
        Box::pin(Transport::resolve_scid(self, scid, direction))
    }

    fn find_route(&self, node_id: PublicKey) -> Boxed<'_, Result<Option<Route>, HostError>> {
        Box::pin(Transport::find_route(self, node_id))
    }

    fn receive(&self) -> Boxed<'_, Received> {
        Box::pin(Transport::receive(self))
    }

    fn ecdh(&self, node_id: PublicKey, point: PublicKey) -> Boxed<'_, Result<SharedSecret, HostError>> {
        Box::pin(Transport::ecdh(self, node_id, point))
    }
}

pub(crate) trait DynSigner: Send + Sync {
    fn sign<'a>(&'a self, request: &'a SignRequest) -> Boxed<'a, Result<[u8; 64], HostError>>;
}

impl<S: Signer> DynSigner for S {
    fn sign<'a>(&'a self, request: &'a SignRequest) -> Boxed<'a, Result<[u8; 64], HostError>> {
        Box::pin(Signer::sign(self, request))
    }
}

pub(crate) trait DynClock: Send + Sync {
    fn now_ms(&self) -> u64;
    fn sleep_until(&self, at_ms: u64) -> Boxed<'_, ()>;
}

impl<C: Clock> DynClock for C {
    fn now_ms(&self) -> u64 {
        Clock::now_ms(self)
    }

    fn sleep_until(&self, at_ms: u64) -> Boxed<'_, ()> {
        Box::pin(Clock::sleep_until(self, at_ms))
    }
}
