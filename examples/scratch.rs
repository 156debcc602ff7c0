use floorwatch::{
    clock::*,
    engine::*,
    kpi::*,
    source::simulator::{self, Simulator},
};
fn main() {
    let t0 = std::time::Instant::now();
    let now = Time::parse_rfc3339("2026-11-23T14:20:00Z").unwrap();
    let start = simulator::history_start(now);
    let sc = simulator::Scenario::parse(&std::env::args().nth(1).unwrap_or("calm".into())).unwrap();
    let mut sim = Simulator::new(simulator::Settings { seed: 1, scenario: sc, ..Default::default() }, start, now);
    let mut events = Vec::new();
    sim.advance(now, &mut events);
    println!("{} events in {:?}", events.len(), t0.elapsed());
    let t1 = std::time::Instant::now();
    let mut engine = Engine::new(floorwatch::engine::Settings::default());
    let mut out = [0usize; 4];
    for e in &events {
        out[engine.apply(e) as usize] += 1;
        engine.advance(e.at);
    }
    let el = t1.elapsed();
    println!("apply {:?} = {:.0}/s  {:?}", el, events.len() as f64 / el.as_secs_f64(), out);
    for w in [Window::M15, Window::H1, Window::Today, Window::D7] {
        let t2 = std::time::Instant::now();
        let q = Query {
            of: Slice::TOTAL,
            by: vec![Dim::Queue],
            over: Over::Window(w),
            every: None,
            kpis: CATALOGUE.iter().map(|k| k.id).collect(),
            formula: None,
        };
        let a = engine.ask(&q, now);
        println!("== {} {:?}", w.key(), t2.elapsed());
        for (k, f) in q.kpis.iter().zip(&a.total) {
            if w == Window::Today {
                println!(
                    "{:26} {:>10} n={} {} {}",
                    k.def().key,
                    k.def().show(f),
                    f.n,
                    f.reason.as_deref().unwrap_or(""),
                    f.provisional.map_or(String::new(), |p| format!("prov {p:.0}%"))
                );
            }
        }
        for r in &a.rows {
            print!("{:24}", r.key.to_string());
            for k in [
                KpiId::Offered,
                KpiId::ServiceLevel,
                KpiId::AbandonmentRate,
                KpiId::Asa,
                KpiId::Aht,
                KpiId::Fcr,
                KpiId::Csat,
                KpiId::Waiting,
                KpiId::AgentsAvailable,
            ] {
                let i = q.kpis.iter().position(|x| *x == k).unwrap();
                print!("{:>9}", k.def().show(&r.figures[i]));
            }
            println!();
        }
    }
}
