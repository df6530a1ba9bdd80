//! The program: nothing but the way into `cli`.

/// Trials make and drop many small values on every core; the system's allocator took a third of their time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    evalgate::cli::main(std::env::args_os()).into()
}
