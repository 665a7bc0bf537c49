//! Serves a Lightning network on loopback until its stdin closes: see `README.md` of this crate.

use std::io::{self, Read, Write};

use invreq_lightning::{Server, Testbed};

fn main() -> io::Result<()> {
    let bed = match std::env::args().nth(1).as_deref() {
        None | Some("relayed") => Testbed::relayed(),
        Some("direct") => Testbed::direct(),
        Some(other) => {
            eprintln!("unknown topology {other:?}: give relayed (the default) or direct");
            std::process::exit(2);
        }
    };
    bed.add_penniless_payer();
    let server = Server::start(bed)?;
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", server.greeting())?;
    stdout.flush()?;
    let stop = server.stopper();
    std::thread::spawn(move || {
        // The end of the input and a broken input both mean that whoever started us is gone.
        let _ = io::copy(&mut io::stdin().lock().by_ref(), &mut io::sink());
        stop();
    });
    server.wait()
}
