//! What crosses to a child process and back.

use assay_fuzz::Fuzz;
use proptest::prelude::*;

use super::*;

/// What is sent, as the other side receives it.
fn across<T: Serialize + DeserializeOwned>(message: &T) -> T {
    let mut bytes = Vec::new();
    send(&mut bytes, message).unwrap();
    receive(&mut bytes.as_slice()).unwrap()
}

fn sent(answer: Result<Lent<'_>, String>) -> Vec<u8> {
    let mut bytes = Vec::new();
    send_answer(&mut bytes, answer).unwrap();
    bytes
}

/// Whether all that is lent has the same bits; a NaN is not a number, but it has bits.
fn same(one: &Lent<'_>, other: &Lent<'_>) -> bool {
    let bits = |lent: &Lent<'_>| {
        let floats: Vec<u32> = lent.floats.iter().map(|number| number.to_bits()).collect();
        let doubles = lent.doubles.map(|numbers| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>());
        (lent.text.to_owned(), lent.numbers, lent.real.to_bits(), floats, doubles, lent.words.to_vec(), lent.labels.to_vec())
    };
    bits(one) == bits(other)
}

#[test]
fn orders_and_events_arrive_as_they_were_sent() {
    let given = AssayPass { channels: 16, cells: 5, batch: 64, initialiser: 1, precision: 1, augmentation: 1, images: 0, draw: 3 };
    let orders = [
        Order::Open { file: "plugins/libsnip.so".into() },
        Order::Make { proxy: 2, settings: r#"{"depth":4}"#.into() },
        Order::Protocol,
        Order::Passes { given },
        Order::Ask { pass: 1 },
        Order::Score,
    ];
    for order in &orders {
        assert_eq!(format!("{:?}", across(order)), format!("{order:?}"));
    }
    let events = [
        Event::Query(Query::Objective { pass: 0, node: 3, cotangent: vec![0.1, -0.0, 1e-300] }),
        Event::Query(Query::Draw { purpose: "κ".into(), distribution: 0, count: 7 }),
        Event::Done(Ok(Answer::Nothing)),
        Event::Done(Ok(Answer::Passes(vec![given; 2]))),
        Event::Done(Ok(Answer::Text("in float64".into()))),
        Event::Done(Ok(Answer::Reading(Reading::Value(0.1 + 0.2)))),
        Event::Done(Ok(Answer::Reading(Reading::undefined("a value is not finite")))),
        Event::Done(Err(Failure::Load(LoadProblem::Magic(7)))),
        Event::Done(Err(Failure::Clause("failed".into()))),
    ];
    for event in &events {
        assert_eq!(format!("{:?}", across(event)), format!("{event:?}"));
    }
}

#[test]
fn messages_follow_each_other() {
    let mut bytes = Vec::new();
    send(&mut bytes, &Order::Protocol).unwrap();
    send_answer(&mut bytes, Ok(Lent::doubles(&[1.5, 2.5]))).unwrap();
    send(&mut bytes, &Order::Score).unwrap();
    let mut from = bytes.as_slice();
    assert!(matches!(receive(&mut from).unwrap(), Order::Protocol));
    assert_eq!(receive_answer(&mut from).unwrap().unwrap().lend(), Lent::doubles(&[1.5, 2.5]));
    assert!(matches!(receive(&mut from).unwrap(), Order::Score));
    assert!(from.is_empty());
}

#[test]
fn why_there_is_no_answer_arrives_instead_of_one() {
    let received = receive_answer(&mut sent(Err("there is no node 9".into())).as_slice()).unwrap();
    assert_eq!(received.unwrap_err(), "there is no node 9");
}

#[test]
fn a_message_that_breaks_off_anywhere_is_an_error() {
    let lent = Lent { text: "κ", real: f64::NAN, floats: &[1.0], doubles: [&[2.0], &[3.0]], words: &[4], labels: &[5], ..Lent::default() };
    let whole = sent(Ok(lent));
    assert!(receive_answer(&mut whole.as_slice()).is_ok());
    for end in 0..whole.len() {
        assert!(receive_answer(&mut &whole[..end]).is_err(), "{end} of {} bytes", whole.len());
    }
    // A frame that is not the JSON that it should be.
    let mut frame = 3_u32.to_le_bytes().to_vec();
    frame.extend(b"{]}");
    assert!(receive::<Order>(&mut frame.as_slice()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_answer_arrives_to_the_last_bit(
        text: String,
        numbers: [u64; 9],
        real in any::<u64>().prop_map(f64::from_bits),
        floats in prop::collection::vec(any::<u32>().prop_map(f32::from_bits), 0..40),
        first in prop::collection::vec(any::<u64>().prop_map(f64::from_bits), 0..40),
        second in prop::collection::vec(any::<u64>().prop_map(f64::from_bits), 0..40),
        words: Vec<u64>,
        labels: Vec<u32>,
    ) {
        let lent = Lent { text: &text, numbers, real, floats: &floats, doubles: [&first, &second], words: &words, labels: &labels };
        let bytes = sent(Ok(lent));
        let mut from = bytes.as_slice();
        let received = receive_answer(&mut from).unwrap().unwrap();
        prop_assert!(same(&received.lend(), &lent));
        prop_assert!(from.is_empty());
    }
}

#[test]
fn damaged_talk_with_a_child() {
    let framed = |json: &str| [&(json.len() as u32).to_le_bytes()[..], json.as_bytes()].concat();
    let head = r#"{"problem":null,"text":"κ","numbers":[1,2,3,4,5,6,7,8,9],"real":4607182418800017408,"floats":2,"doubles":[1,0],"words":1,"labels":3}"#;
    let answer = [framed(head), vec![7; 2 * 4 + 8 + 8 + 3 * 4]].concat();
    let fuzz =
        Fuzz::of("isolated::wire::tests::damaged_talk_with_a_child").seed(answer).seed(framed(r#"{"Make":{"proxy":2,"settings":"{}"}}"#));
    fuzz.seed(framed(r#"{"Done":{"Ok":{"Reading":{"value":0.5}}}}"#))
        .words(&["{", "[", "]", "}", "\"", "null", "-1", "1e308", "\\u202e"])
        .words(&[r#"{"Query":"#, r#"{"Draw":"#])
        .run(|bytes| {
            let (mut order, mut event, mut answer) = (bytes, bytes, bytes);
            let _ = (receive::<Order>(&mut order).is_ok(), receive::<Event>(&mut event).is_ok(), receive_answer(&mut answer).is_ok());
        });
}
