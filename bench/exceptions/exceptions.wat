;; What exceptions cost: each export does the same work `times` times. Ten frames are ten calls through a table, so that
;; no engine merges them.
(module
  (type $frame (func (param i32) (result i32)))
  (tag $oops (param i32))
  (table 1 funcref)
  (elem (i32.const 0) $frame)
  (global $throws (mut i32) (i32.const 0))
  (func $frame (type $frame)
    (if (i32.eqz (local.get 0))
      (then
        (if (global.get $throws) (then (throw $oops (i32.const 1))))
        (return (i32.const 1))))
    (i32.xor
      (i32.rotl (call_indirect (type $frame) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)) (i32.const 1))
      (local.get 0)))
  (func $untried (result i32)
    (call_indirect (type $frame) (i32.const 9) (i32.const 0)))
  (func $tried (result i32)
    (block $caught (result i32)
      (try_table (catch $oops $caught) (return (call_indirect (type $frame) (i32.const 9) (i32.const 0))))
      (unreachable)))
  (func (export "plain") (param $times i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $untried)))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (local.get $sum))
  (func (export "tried") (param $times i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $tried)))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (local.get $sum))
  (func (export "thrown") (param $times i32) (result i32) (local $sum i32)
    (global.set $throws (i32.const 1))
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $tried)))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (local.get $sum)))
