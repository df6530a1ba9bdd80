//! The gate's truth table.
