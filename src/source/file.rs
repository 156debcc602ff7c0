//! Files as sources: read once from end to end, or followed while another program writes them.

pub mod follow;
pub mod read;
