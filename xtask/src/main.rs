//! Tasks of this repository: `cargo xtask TASK`.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod archive;
mod bench;
mod book;
mod child;
mod ci;
mod dist;
mod docs;
#[cfg(test)]
mod documents;
mod gpu_check;
mod new_plugin;
mod project;
mod reproduce;
#[cfg(test)]
mod scripts;
mod source;
mod tidy;
mod wheel;

use clap::{Parser, Subcommand};

/// Tasks of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Reproduce(reproduce::Reproduce),
    Bench(bench::Bench),
    Docs(docs::Docs),
    Book(book::Book),
    Dist(dist::Dist),
    GpuCheck(gpu_check::GpuCheck),
    Tidy(tidy::Tidy),
    Ci(ci::Ci),
    NewPlugin(new_plugin::NewPlugin),
    Wheel(wheel::Wheel),
}

fn main() -> miette::Result<()> {
    match Arguments::parse().task {
        Task::Reproduce(task) => task.run(),
        Task::Bench(task) => task.run(),
        Task::Docs(task) => task.run(),
        Task::Book(task) => task.run(),
        Task::Dist(task) => task.run(),
        Task::GpuCheck(task) => task.run(),
        Task::Tidy(task) => task.run(),
        Task::Ci(task) => task.run(),
        Task::NewPlugin(task) => task.run(),
        Task::Wheel(task) => task.run(),
    }
}
