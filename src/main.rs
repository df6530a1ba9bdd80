//! The program: nothing but the way into `cli`.

fn main() -> std::process::ExitCode {
    evalgate::cli::main(std::env::args_os()).into()
}
