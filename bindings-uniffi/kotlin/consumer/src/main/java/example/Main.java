package example;

import invreq.Bolt12;

/** Java and Kotlin side by side, as in a wallet that is moving from one to the other. */
public final class Main {
    public static void main(String[] arguments) {
        System.out.println(Bolt12.decode(WalletKt.REFUND).getSummary());
        System.out.println(WalletKt.firstSuccess());
    }
}
