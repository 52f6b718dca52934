-- A shop at the first version of the tables, with an order in each state: what every later version has
-- to bring up to date. Written once; a released version of the tables never changes.

-- pending_payment
INSERT INTO users (discord_id, name, locale, status, first_seen) VALUES (1, 'Customer 1', 'en', 'active', 1760003600000);
INSERT INTO orders (id, source, user_id, status, created_at, updated_at, plan_id, plan_name, duration_days, quota_bytes, price_minor, currency, panel, method_id, method_name, method_account, method_holder, method_text, attempts_left, expires_at, channel_id, status_message_id) VALUES ('0000000001', 'shop', 1, 'pending_payment', 1760003600000, 1760003600000, 'basic', 'Basic', 30, 53687091200, 10000, 'EGP', 'main', 'vodafone', 'Vodafone Cash', '0100', 'Shop', 'Send it.', 3, 1760090000000, 1001, 2001);
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (1, 1760003600000, 1, 'order.create', '0000000001', '{"plan":"basic"}', NULL, '0000000000000000000000000000000000000000000000000000000000000000', '3d67de6c6bcb615489d47e2301d312fdeea3401b8d1e037dfadaabff1092e102');

-- payment_submitted
INSERT INTO users (discord_id, name, locale, status, first_seen) VALUES (2, 'Customer 2', 'en', 'active', 1760007200000);
INSERT INTO orders (id, source, user_id, status, created_at, updated_at, plan_id, plan_name, duration_days, quota_bytes, price_minor, currency, panel, method_id, method_name, method_account, method_holder, method_text, attempts_left, expires_at, channel_id, status_message_id) VALUES ('0000000002', 'shop', 2, 'pending_payment', 1760007200000, 1760007200000, 'basic', 'Basic', 30, 53687091200, 10000, 'EGP', 'main', 'vodafone', 'Vodafone Cash', '0100', 'Shop', 'Send it.', 3, 1760093600000, 1002, 2002);
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (2, 1760007200000, 2, 'order.create', '0000000002', '{"plan":"basic"}', NULL, '3d67de6c6bcb615489d47e2301d312fdeea3401b8d1e037dfadaabff1092e102', '05bdb23e97a99070929904b74a4e14e5a712b13a2cce0a1ca33677f1d87696c7');
INSERT INTO payment_submissions (id, order_id, user_id, source_id, hash, pixel_hash, format, width, height, size, created_at, status, card_message_id) VALUES (2, '0000000002', 2, 'message:3002', '0000000000000000000000000000000000000000000000000000000000000002', '0000000000000000000000000000000000000000000000000000000000000002', 'png', 300, 300, 1000, 1760007260000, 'pending', 4002);
INSERT INTO proof_hashes (hash, order_id) VALUES ('0000000000000000000000000000000000000000000000000000000000000002', '0000000002');
INSERT INTO payments (order_id, submission_id, due_minor, currency, status, created_at, updated_at) VALUES ('0000000002', 2, 10000, 'EGP', 'pending', 1760007260000, 1760007260000);
UPDATE orders SET status = 'payment_submitted', attempts_left = 2, channel_locked = 1, updated_at = 1760007260000 WHERE id = '0000000002';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (3, 1760007260000, 2, 'payment.submit', '0000000002', '{"submission":2}', NULL, '05bdb23e97a99070929904b74a4e14e5a712b13a2cce0a1ca33677f1d87696c7', '33ca1d61699949f02751073ddfa24845d39d0e7a9e892924b918c25aaf920f2b');

-- provisioning
INSERT INTO users (discord_id, name, locale, status, first_seen) VALUES (3, 'Customer 3', 'en', 'active', 1760010800000);
INSERT INTO orders (id, source, user_id, status, created_at, updated_at, plan_id, plan_name, duration_days, quota_bytes, price_minor, currency, panel, method_id, method_name, method_account, method_holder, method_text, attempts_left, expires_at, channel_id, status_message_id) VALUES ('0000000003', 'shop', 3, 'pending_payment', 1760010800000, 1760010800000, 'basic', 'Basic', 30, 53687091200, 10000, 'EGP', 'main', 'vodafone', 'Vodafone Cash', '0100', 'Shop', 'Send it.', 3, 1760097200000, 1003, 2003);
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (4, 1760010800000, 3, 'order.create', '0000000003', '{"plan":"basic"}', NULL, '33ca1d61699949f02751073ddfa24845d39d0e7a9e892924b918c25aaf920f2b', '6fcf323247f282da6aff298680f6499a2fa446d70eeffa19299501fce87f6497');
INSERT INTO payment_submissions (id, order_id, user_id, source_id, hash, pixel_hash, format, width, height, size, created_at, status, card_message_id) VALUES (3, '0000000003', 3, 'message:3003', '0000000000000000000000000000000000000000000000000000000000000003', '0000000000000000000000000000000000000000000000000000000000000003', 'png', 300, 300, 1000, 1760010860000, 'pending', 4003);
INSERT INTO proof_hashes (hash, order_id) VALUES ('0000000000000000000000000000000000000000000000000000000000000003', '0000000003');
INSERT INTO payments (order_id, submission_id, due_minor, currency, status, created_at, updated_at) VALUES ('0000000003', 3, 10000, 'EGP', 'pending', 1760010860000, 1760010860000);
UPDATE orders SET status = 'payment_submitted', attempts_left = 2, channel_locked = 1, updated_at = 1760010860000 WHERE id = '0000000003';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (5, 1760010860000, 3, 'payment.submit', '0000000003', '{"submission":3}', NULL, '6fcf323247f282da6aff298680f6499a2fa446d70eeffa19299501fce87f6497', 'fde0a9f0fe4c352f705fbf9091a167eb21bd652d9c75beb86711e3a2f62dec37');
INSERT INTO subscriptions (id, user_id, panel, inbound_id, client_uuid, sub_id, email, status, created_at, updated_at) VALUES (3, 3, 'main', 1, '00000000-0000-4000-8000-000000000003', 'sub3', 'tk-0000000003', 'pending', 1760010920000, 1760010920000);
INSERT INTO grants (id, subscription_id, order_id, kind, days, bytes, created_at) VALUES (3, 3, '0000000003', 'sale', 30, 53687091200, 1760010920000);
UPDATE payment_submissions SET status = 'approved', decided_by = 9, decided_at = 1760010920000 WHERE id = 3;
UPDATE orders SET status = 'provisioning', decided_by = 9, decided_at = 1760010920000, subscription_id = 3, updated_at = 1760010920000 WHERE id = '0000000003';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (6, 1760010920000, 9, 'payment.approve', '0000000003', '{"submission":3}', '5d6b091416885eaa91283321b69dc526fc42c97783e4cdfdff7a945e3be1f9ef', 'fde0a9f0fe4c352f705fbf9091a167eb21bd652d9c75beb86711e3a2f62dec37', '071995245cf595f694cec4325c8896c33eaedb7897988f95f393fa46b462af20');

-- needs_attention
INSERT INTO users (discord_id, name, locale, status, first_seen) VALUES (4, 'Customer 4', 'en', 'active', 1760014400000);
INSERT INTO orders (id, source, user_id, status, created_at, updated_at, plan_id, plan_name, duration_days, quota_bytes, price_minor, currency, panel, method_id, method_name, method_account, method_holder, method_text, attempts_left, expires_at, channel_id, status_message_id) VALUES ('0000000004', 'shop', 4, 'pending_payment', 1760014400000, 1760014400000, 'basic', 'Basic', 30, 53687091200, 10000, 'EGP', 'main', 'vodafone', 'Vodafone Cash', '0100', 'Shop', 'Send it.', 3, 1760100800000, 1004, 2004);
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (7, 1760014400000, 4, 'order.create', '0000000004', '{"plan":"basic"}', NULL, '071995245cf595f694cec4325c8896c33eaedb7897988f95f393fa46b462af20', '89fbe4df0aab52de89958cd3e73bf9784a3f0ce6400a983cb4a2a905e2306635');
INSERT INTO payment_submissions (id, order_id, user_id, source_id, hash, pixel_hash, format, width, height, size, created_at, status, card_message_id) VALUES (4, '0000000004', 4, 'message:3004', '0000000000000000000000000000000000000000000000000000000000000004', '0000000000000000000000000000000000000000000000000000000000000004', 'png', 300, 300, 1000, 1760014460000, 'pending', 4004);
INSERT INTO proof_hashes (hash, order_id) VALUES ('0000000000000000000000000000000000000000000000000000000000000004', '0000000004');
INSERT INTO payments (order_id, submission_id, due_minor, currency, status, created_at, updated_at) VALUES ('0000000004', 4, 10000, 'EGP', 'pending', 1760014460000, 1760014460000);
UPDATE orders SET status = 'payment_submitted', attempts_left = 2, channel_locked = 1, updated_at = 1760014460000 WHERE id = '0000000004';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (8, 1760014460000, 4, 'payment.submit', '0000000004', '{"submission":4}', NULL, '89fbe4df0aab52de89958cd3e73bf9784a3f0ce6400a983cb4a2a905e2306635', 'e7503d3fd9211f362e2d72b8c9db9b220a165eceed63d4a379aebcf771d53345');
INSERT INTO subscriptions (id, user_id, panel, inbound_id, client_uuid, sub_id, email, status, created_at, updated_at) VALUES (4, 4, 'main', 1, '00000000-0000-4000-8000-000000000004', 'sub4', 'tk-0000000004', 'pending', 1760014520000, 1760014520000);
INSERT INTO grants (id, subscription_id, order_id, kind, days, bytes, created_at) VALUES (4, 4, '0000000004', 'sale', 30, 53687091200, 1760014520000);
UPDATE payment_submissions SET status = 'approved', decided_by = 9, decided_at = 1760014520000 WHERE id = 4;
UPDATE orders SET status = 'provisioning', decided_by = 9, decided_at = 1760014520000, subscription_id = 4, updated_at = 1760014520000 WHERE id = '0000000004';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (9, 1760014520000, 9, 'payment.approve', '0000000004', '{"submission":4}', '4cb0ea499ca7177d32b4deb6e251d0a8f857f91d078af209b7d354528ef62201', 'e7503d3fd9211f362e2d72b8c9db9b220a165eceed63d4a379aebcf771d53345', 'c7eefdfcea551f9465a7da52b40c373a6bccf80bffbc6d4b12b413d73c481dc8');
UPDATE orders SET status = 'needs_attention', reason = 'the panel said no', updated_at = 1760014580000 WHERE id = '0000000004';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (10, 1760014580000, 0, 'order.attention', '0000000004', '{"reason":"the panel said no"}', NULL, 'c7eefdfcea551f9465a7da52b40c373a6bccf80bffbc6d4b12b413d73c481dc8', 'f33f8c79536bcfc165fb1afcec2c483d797e985506b052611742078fc73e64b9');

-- completed
INSERT INTO users (discord_id, name, locale, status, first_seen) VALUES (5, 'Customer 5', 'en', 'active', 1760018000000);
INSERT INTO orders (id, source, user_id, status, created_at, updated_at, plan_id, plan_name, duration_days, quota_bytes, price_minor, currency, panel, method_id, method_name, method_account, method_holder, method_text, attempts_left, expires_at, channel_id, status_message_id) VALUES ('0000000005', 'shop', 5, 'pending_payment', 1760018000000, 1760018000000, 'basic', 'Basic', 30, 53687091200, 10000, 'EGP', 'main', 'vodafone', 'Vodafone Cash', '0100', 'Shop', 'Send it.', 3, 1760104400000, 1005, 2005);
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (11, 1760018000000, 5, 'order.create', '0000000005', '{"plan":"basic"}', NULL, 'f33f8c79536bcfc165fb1afcec2c483d797e985506b052611742078fc73e64b9', 'dc4bcb2a33784cad759b2cb706727df4e82fa8bb7f7df7ad90c2f811c90a4aeb');
INSERT INTO payment_submissions (id, order_id, user_id, source_id, hash, pixel_hash, format, width, height, size, created_at, status, card_message_id) VALUES (5, '0000000005', 5, 'message:3005', '0000000000000000000000000000000000000000000000000000000000000005', '0000000000000000000000000000000000000000000000000000000000000005', 'png', 300, 300, 1000, 1760018060000, 'pending', 4005);
INSERT INTO proof_hashes (hash, order_id) VALUES ('0000000000000000000000000000000000000000000000000000000000000005', '0000000005');
INSERT INTO payments (order_id, submission_id, due_minor, currency, status, created_at, updated_at) VALUES ('0000000005', 5, 10000, 'EGP', 'pending', 1760018060000, 1760018060000);
UPDATE orders SET status = 'payment_submitted', attempts_left = 2, channel_locked = 1, updated_at = 1760018060000 WHERE id = '0000000005';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (12, 1760018060000, 5, 'payment.submit', '0000000005', '{"submission":5}', NULL, 'dc4bcb2a33784cad759b2cb706727df4e82fa8bb7f7df7ad90c2f811c90a4aeb', 'b3fccd267792950e3261193761d766017b8f337c5054ee9288fe6725c3718bcc');
INSERT INTO subscriptions (id, user_id, panel, inbound_id, client_uuid, sub_id, email, status, created_at, updated_at) VALUES (5, 5, 'main', 1, '00000000-0000-4000-8000-000000000005', 'sub5', 'tk-0000000005', 'pending', 1760018120000, 1760018120000);
INSERT INTO grants (id, subscription_id, order_id, kind, days, bytes, created_at) VALUES (5, 5, '0000000005', 'sale', 30, 53687091200, 1760018120000);
UPDATE payment_submissions SET status = 'approved', decided_by = 9, decided_at = 1760018120000 WHERE id = 5;
UPDATE orders SET status = 'provisioning', decided_by = 9, decided_at = 1760018120000, subscription_id = 5, updated_at = 1760018120000 WHERE id = '0000000005';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (13, 1760018120000, 9, 'payment.approve', '0000000005', '{"submission":5}', 'aa1f6f7084d4030e09f5542aa22e7947a81cec2966a251da748cfb501ace6ddc', 'b3fccd267792950e3261193761d766017b8f337c5054ee9288fe6725c3718bcc', '0a474d7cbe0b64449d6bf327e21161bf016950541ef25af4f620eeafe26b6453');
UPDATE grants SET filled_at = 1760018180000, base = 1760018120000, new_expiry = 1762610120000, new_quota = 53687091200, used_before = 0, applied_at = 1760018180000 WHERE id = 5;
UPDATE subscriptions SET status = 'active', expires_at = 1762610120000, quota_bytes = 53687091200, link = 'vless://5', updated_at = 1760018180000 WHERE id = 5;
UPDATE payments SET status = 'approved', received_minor = 10000, reviewer_id = 9, decided_at = 1760018120000, updated_at = 1760018180000 WHERE order_id = '0000000005';
UPDATE orders SET status = 'completed', ended_at = 1760018180000, delivery = 'dm', delivered_at = 1760018180000, updated_at = 1760018180000 WHERE id = '0000000005';
INSERT INTO ledger (order_id, kind, source, amount_minor, currency, at, day, method_id, plan_id, reviewer_id) VALUES ('0000000005', 'payment', 'shop', 10000, 'EGP', 1760018120000, '2025-10-09', 'vodafone', 'basic', 9);
INSERT INTO revenue_cache (day, method_id, plan_id, source, amount_minor, n) VALUES ('2025-10-09', 'vodafone', 'basic', 'shop', 10000, 1)
    ON CONFLICT DO UPDATE SET amount_minor = amount_minor + 10000, n = n + 1;
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (14, 1760018180000, 0, 'order.complete', '0000000005', '{}', NULL, '0a474d7cbe0b64449d6bf327e21161bf016950541ef25af4f620eeafe26b6453', 'bdca93a21dbb21e5ef8a5cae2165ac68223b08e25b0e6d75df4236ef180ccbc8');

-- declined
INSERT INTO users (discord_id, name, locale, status, first_seen) VALUES (6, 'Customer 6', 'en', 'active', 1760021600000);
INSERT INTO orders (id, source, user_id, status, created_at, updated_at, plan_id, plan_name, duration_days, quota_bytes, price_minor, currency, panel, method_id, method_name, method_account, method_holder, method_text, attempts_left, expires_at, channel_id, status_message_id) VALUES ('0000000006', 'shop', 6, 'pending_payment', 1760021600000, 1760021600000, 'basic', 'Basic', 30, 53687091200, 10000, 'EGP', 'main', 'vodafone', 'Vodafone Cash', '0100', 'Shop', 'Send it.', 3, 1760108000000, 1006, 2006);
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (15, 1760021600000, 6, 'order.create', '0000000006', '{"plan":"basic"}', NULL, 'bdca93a21dbb21e5ef8a5cae2165ac68223b08e25b0e6d75df4236ef180ccbc8', '43a25a043eb6c16b8aba195e2ec802c30bf3228bf1256dfdfec85b6cf5f8a99b');
INSERT INTO payment_submissions (id, order_id, user_id, source_id, hash, pixel_hash, format, width, height, size, created_at, status, card_message_id) VALUES (6, '0000000006', 6, 'message:3006', '0000000000000000000000000000000000000000000000000000000000000006', '0000000000000000000000000000000000000000000000000000000000000006', 'png', 300, 300, 1000, 1760021660000, 'pending', 4006);
INSERT INTO proof_hashes (hash, order_id) VALUES ('0000000000000000000000000000000000000000000000000000000000000006', '0000000006');
INSERT INTO payments (order_id, submission_id, due_minor, currency, status, created_at, updated_at) VALUES ('0000000006', 6, 10000, 'EGP', 'pending', 1760021660000, 1760021660000);
UPDATE orders SET status = 'payment_submitted', attempts_left = 2, channel_locked = 1, updated_at = 1760021660000 WHERE id = '0000000006';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (16, 1760021660000, 6, 'payment.submit', '0000000006', '{"submission":6}', NULL, '43a25a043eb6c16b8aba195e2ec802c30bf3228bf1256dfdfec85b6cf5f8a99b', '97fe5cadcfe83a13b39da73327f2fc08deacf8412ed09cc0e8aeb62f855a8f5b');
UPDATE payment_submissions SET status = 'declined', decided_by = 9, decided_at = 1760021720000, reason = 'not our account' WHERE id = 6;
UPDATE payments SET status = 'declined', reviewer_id = 9, decided_at = 1760021720000, reason = 'not our account', updated_at = 1760021720000 WHERE order_id = '0000000006';
UPDATE orders SET status = 'declined', decided_by = 9, decided_at = 1760021720000, ended_at = 1760021720000, reason = 'not our account', updated_at = 1760021720000 WHERE id = '0000000006';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (17, 1760021720000, 9, 'payment.decline', '0000000006', '{}', NULL, '97fe5cadcfe83a13b39da73327f2fc08deacf8412ed09cc0e8aeb62f855a8f5b', 'b473946171c4f6a6666ab672c2d67d3954b15e5b6c5bdf3203ca8624a89035da');

-- cancelled
INSERT INTO users (discord_id, name, locale, status, first_seen) VALUES (7, 'Customer 7', 'en', 'active', 1760025200000);
INSERT INTO orders (id, source, user_id, status, created_at, updated_at, plan_id, plan_name, duration_days, quota_bytes, price_minor, currency, panel, method_id, method_name, method_account, method_holder, method_text, attempts_left, expires_at, channel_id, status_message_id) VALUES ('0000000007', 'shop', 7, 'pending_payment', 1760025200000, 1760025200000, 'basic', 'Basic', 30, 53687091200, 10000, 'EGP', 'main', 'vodafone', 'Vodafone Cash', '0100', 'Shop', 'Send it.', 3, 1760111600000, 1007, 2007);
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (18, 1760025200000, 7, 'order.create', '0000000007', '{"plan":"basic"}', NULL, 'b473946171c4f6a6666ab672c2d67d3954b15e5b6c5bdf3203ca8624a89035da', '1f363c0a39b56517116944dd39a7fac44ed1c951ccfed77e310575864b2a9ee5');
UPDATE orders SET status = 'cancelled', reason = 'customer', ended_at = 1760025260000, updated_at = 1760025260000 WHERE id = '0000000007';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (19, 1760025260000, 7, 'order.cancel', '0000000007', '{}', NULL, '1f363c0a39b56517116944dd39a7fac44ed1c951ccfed77e310575864b2a9ee5', '76a092b0d3e8c39605d10857c0348cf5fe54e88f89bbd09236dac88510b75bcb');

-- expired
INSERT INTO users (discord_id, name, locale, status, first_seen) VALUES (8, 'Customer 8', 'en', 'active', 1760028800000);
INSERT INTO orders (id, source, user_id, status, created_at, updated_at, plan_id, plan_name, duration_days, quota_bytes, price_minor, currency, panel, method_id, method_name, method_account, method_holder, method_text, attempts_left, expires_at, channel_id, status_message_id) VALUES ('0000000008', 'shop', 8, 'pending_payment', 1760028800000, 1760028800000, 'basic', 'Basic', 30, 53687091200, 10000, 'EGP', 'main', 'vodafone', 'Vodafone Cash', '0100', 'Shop', 'Send it.', 3, 1760115200000, 1008, 2008);
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (20, 1760028800000, 8, 'order.create', '0000000008', '{"plan":"basic"}', NULL, '76a092b0d3e8c39605d10857c0348cf5fe54e88f89bbd09236dac88510b75bcb', '8979c240f99412d584d0d4f27c74b7810e336b02995757b4ab54496aead74fe3');
UPDATE orders SET status = 'expired', reason = NULL, ended_at = 1760028860000, updated_at = 1760028860000 WHERE id = '0000000008';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (21, 1760028860000, 0, 'order.expire', '0000000008', '{}', NULL, '8979c240f99412d584d0d4f27c74b7810e336b02995757b4ab54496aead74fe3', '2289fad8a99279492b6fa78c530cadd1be66aa6fdec9d6c1f17ef41c9e3e7bee');

-- reversed
INSERT INTO users (discord_id, name, locale, status, first_seen) VALUES (9, 'Customer 9', 'en', 'active', 1760032400000);
INSERT INTO orders (id, source, user_id, status, created_at, updated_at, plan_id, plan_name, duration_days, quota_bytes, price_minor, currency, panel, method_id, method_name, method_account, method_holder, method_text, attempts_left, expires_at, channel_id, status_message_id) VALUES ('0000000009', 'shop', 9, 'pending_payment', 1760032400000, 1760032400000, 'basic', 'Basic', 30, 53687091200, 10000, 'EGP', 'main', 'vodafone', 'Vodafone Cash', '0100', 'Shop', 'Send it.', 3, 1760118800000, 1009, 2009);
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (22, 1760032400000, 9, 'order.create', '0000000009', '{"plan":"basic"}', NULL, '2289fad8a99279492b6fa78c530cadd1be66aa6fdec9d6c1f17ef41c9e3e7bee', 'a83ebfbbde3997e3591e8783c312b20c4043b26d94be9d7e90b13de7ccd9871f');
INSERT INTO payment_submissions (id, order_id, user_id, source_id, hash, pixel_hash, format, width, height, size, created_at, status, card_message_id) VALUES (9, '0000000009', 9, 'message:3009', '0000000000000000000000000000000000000000000000000000000000000009', '0000000000000000000000000000000000000000000000000000000000000009', 'png', 300, 300, 1000, 1760032460000, 'pending', 4009);
INSERT INTO proof_hashes (hash, order_id) VALUES ('0000000000000000000000000000000000000000000000000000000000000009', '0000000009');
INSERT INTO payments (order_id, submission_id, due_minor, currency, status, created_at, updated_at) VALUES ('0000000009', 9, 10000, 'EGP', 'pending', 1760032460000, 1760032460000);
UPDATE orders SET status = 'payment_submitted', attempts_left = 2, channel_locked = 1, updated_at = 1760032460000 WHERE id = '0000000009';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (23, 1760032460000, 9, 'payment.submit', '0000000009', '{"submission":9}', NULL, 'a83ebfbbde3997e3591e8783c312b20c4043b26d94be9d7e90b13de7ccd9871f', '3defe2e5145421ed76e5aec52e29760e660ef89d0108e9e7b5a7729557254f91');
INSERT INTO subscriptions (id, user_id, panel, inbound_id, client_uuid, sub_id, email, status, created_at, updated_at) VALUES (9, 9, 'main', 1, '00000000-0000-4000-8000-000000000009', 'sub9', 'tk-0000000009', 'pending', 1760032520000, 1760032520000);
INSERT INTO grants (id, subscription_id, order_id, kind, days, bytes, created_at) VALUES (9, 9, '0000000009', 'sale', 30, 53687091200, 1760032520000);
UPDATE payment_submissions SET status = 'approved', decided_by = 9, decided_at = 1760032520000 WHERE id = 9;
UPDATE orders SET status = 'provisioning', decided_by = 9, decided_at = 1760032520000, subscription_id = 9, updated_at = 1760032520000 WHERE id = '0000000009';
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (24, 1760032520000, 9, 'payment.approve', '0000000009', '{"submission":9}', '2e5901c443d2bdeb6120d13d7ab3701238e655e38f88d7daca3ddc391a073b9f', '3defe2e5145421ed76e5aec52e29760e660ef89d0108e9e7b5a7729557254f91', '8417ef5735af1063ee0958978801b215a3ff8b799aeedf056e2fc533036601c0');
UPDATE grants SET filled_at = 1760032580000, base = 1760032520000, new_expiry = 1762624520000, new_quota = 53687091200, used_before = 0, applied_at = 1760032580000 WHERE id = 9;
UPDATE subscriptions SET status = 'active', expires_at = 1762624520000, quota_bytes = 53687091200, link = 'vless://9', updated_at = 1760032580000 WHERE id = 9;
UPDATE payments SET status = 'approved', received_minor = 10000, reviewer_id = 9, decided_at = 1760032520000, updated_at = 1760032580000 WHERE order_id = '0000000009';
UPDATE orders SET status = 'completed', ended_at = 1760032580000, delivery = 'dm', delivered_at = 1760032580000, updated_at = 1760032580000 WHERE id = '0000000009';
INSERT INTO ledger (order_id, kind, source, amount_minor, currency, at, day, method_id, plan_id, reviewer_id) VALUES ('0000000009', 'payment', 'shop', 10000, 'EGP', 1760032520000, '2025-10-09', 'vodafone', 'basic', 9);
INSERT INTO revenue_cache (day, method_id, plan_id, source, amount_minor, n) VALUES ('2025-10-09', 'vodafone', 'basic', 'shop', 10000, 1)
    ON CONFLICT DO UPDATE SET amount_minor = amount_minor + 10000, n = n + 1;
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (25, 1760032580000, 0, 'order.complete', '0000000009', '{}', NULL, '8417ef5735af1063ee0958978801b215a3ff8b799aeedf056e2fc533036601c0', '1d5eca95117c57645b242f7049b9aa77afa32cc4fbfc470845d8ad1a05f36545');
UPDATE orders SET status = 'reversed', reason = 'paid twice', ended_at = 1760032640000, updated_at = 1760032640000 WHERE id = '0000000009';
UPDATE payments SET status = 'reversed', updated_at = 1760032640000 WHERE order_id = '0000000009';
INSERT INTO ledger (order_id, kind, source, amount_minor, currency, at, day, method_id, plan_id, reviewer_id) VALUES ('0000000009', 'reversal', 'shop', -10000, 'EGP', 1760032640000, '2025-10-09', 'vodafone', 'basic', 9);
UPDATE revenue_cache SET amount_minor = amount_minor - 10000, n = n - 1;
UPDATE subscriptions SET status = 'disabled', updated_at = 1760032640000 WHERE id = 9;
INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash) VALUES (26, 1760032640000, 9, 'order.reverse', '0000000009', '{}', NULL, '1d5eca95117c57645b242f7049b9aa77afa32cc4fbfc470845d8ad1a05f36545', '595b25e40fe523dfaebbcf38ac7eec272226a43b03642885ed90b0a63f6945b7');

-- and what is still to be done and to be cleaned up
INSERT INTO outbox (key, lane, kind, v, args, run_at, created_at) VALUES ('subscription:3', 'panel:main', 'sync_subscription', 1, '{"subscription":3,"panel":"main"}', 1760000000000, 1760000000000);
INSERT INTO bot_messages (message_id, channel_id, kind, created_at, delete_at) VALUES (5000, 6000, 'receipt', 1760000000000, 1760000000000);
UPDATE users SET status = 'blocked', block_reason = 'a fake receipt' WHERE discord_id = 6;
