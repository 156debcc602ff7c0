//! Exports in the manner of vendors that have no preset, after their public descriptions: from an unknown table to right figures
//! in two commands, `map` and `report`.

use crate::table_doubts::mapped;
use crate::tables::hold;

/// Of two contacts, the one waits 12 s and talks 123 s, the other gives up.
const TWO: [(&str, f64); 5] = [("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("asa", 12.0), ("aht", 123.0)];

/// The vendors' tables of two contacts with durations.
const EXPORTS: [(&str, &str); 22] = [
    (
        "Aircall, call history",
        "Call ID (internal),Call direction,Call type,Answered,Unanswered Call Reason,Call date and time,Line,User,Waiting time,In call duration,Total call duration\n\
         1,Inbound,Answered,Yes,,2026-03-25 09:00:05,sales,Ann Lee,12,123,135\n\
         2,Inbound,Abandoned,No,short_abandoned,2026-03-25 09:10:05,sales,,40,0,40\n\
         3,Outbound,Outbound,Yes,,2026-03-25 09:20:05,sales,Ann Lee,5,60,65\n",
    ),
    (
        "Talkdesk, calls",
        "Call Id,Call Type,Start Time,End Time,Talkdesk Phone Number,Customer Phone Number,Talk Time,Record,Hangup,In Business Hours?,Waiting Time,Agent Speed To Answer,Holding Time,Rating,Agent Name,Disposition Code,Transfer?,Tags\n\
         t1,inbound,25/03/2026 09:00:05,25/03/2026 09:02:20,+351210,+12125550101,00:02:03,,agent,TRUE,00:00:12,00:00:04,00:00:00,5,Ann Lee,Sale,FALSE,\n\
         t2,abandoned,25/03/2026 09:10:05,25/03/2026 09:10:45,+351210,+12125550102,00:00:00,,customer,TRUE,00:00:40,,00:00:00,,,,FALSE,\n",
    ),
    (
        "Freshcaller, call metrics",
        "Call ID,Direction,Agent Name,Agent Email,Team,Customer Number,Call Status,Call Queue,Date,Time,Wait Time,Talk Time,Hold Time,Wrap Up Time,Handle Time,Bill Duration\n\
         9001,Incoming,Ann Lee,ann@example.com,Sales,+12125550101,Answered,sales,25 Mar 2026,09:00:05 AM,00:00:12,00:02:03,00:00:00,00:00:00,00:02:03,180\n\
         9002,Incoming,,,,+12125550102,Abandoned,sales,25 Mar 2026,09:10:05 AM,00:00:40,00:00:00,00:00:00,00:00:00,00:00:00,60\n",
    ),
    (
        "8x8, interactions",
        "Interaction ID,Media,Direction,Queue name,Agent name,Creation time,Outcome,Time in queue,Talk duration,Hold duration,Wrap-up duration\n\
         int-1,Phone,Inbound,sales,Ann Lee,2026-03-25T09:00:05.120+00:00,Handled,PT12S,PT2M3S,PT0S,PT0S\n\
         int-2,Phone,Inbound,sales,,2026-03-25T09:10:05.120+00:00,Abandoned,PT40S,,,\n",
    ),
    (
        "Genesys Cloud, interactions",
        "Export Completed,Users,Remote,Date,Duration,Direction,ANI,DNIS,Queue,Wrap-up,Conversation ID,Media Type,Abandoned,Total Queue,Total Talk,Total Hold,Total ACW\n\
         YES,Ann Lee,+12125550101,3/25/26 9:00:05 AM,135000,Inbound,tel:+12125550101,tel:+1800,sales,Sale,8f0c-1,voice,NO,12000,123000,,\n\
         YES,,+12125550102,3/25/26 9:10:05 AM,40000,Inbound,tel:+12125550102,tel:+1800,sales,,8f0c-2,voice,YES,40000,,,\n",
    ),
    (
        "Genesys PureConnect, interaction details",
        "InteractionIDKey,InitiatedDateTimeUTC,Direction,LastAssignedWorkgroupID,LastLocalUserId,tQueueWait,tConnected,tHeld,nAbandoned,RemoteNumber\n\
         1001,2026-03-25 09:00:05.000,Inbound,sales,ann.lee,12000,123000,0,0,+12125550101\n\
         1002,2026-03-25 09:10:05.000,Inbound,sales,-,40000,0,0,1,+12125550102\n",
    ),
    (
        "Five9, call log of one's own columns",
        "CALL ID,DATE,TIME,CALL TYPE,CAMPAIGN,AGENT NAME,DISPOSITION,CALLER NUMBER,QUEUE WAIT TIME,TALK TIME,ABANDONED\n\
         300001,\"Wed, 25 Mar 2026\",09:00:05,Inbound,sales,Ann Lee,Sale made,2125550101,00:00:12,00:02:03,0\n\
         300002,\"Wed, 25 Mar 2026\",09:10:05,Inbound,sales,[None],Caller Disconnected,2125550102,00:00:40,00:00:00,1\n",
    ),
    (
        "JustCall, call log",
        "Call SID,Date,Time,Contact Name,Contact Number,JustCall Number,Agent,Direction,Type,Ring Time,Call Duration\n\
         CA1,\"Mar 25, 2026\",09:00 AM,Ben,+12125550101,sales,Ann Lee,Inbound,Answered,12s,2m 3s\n\
         CA2,\"Mar 25, 2026\",09:10 AM,,+12125550102,sales,,Inbound,Missed,40s,0s\n",
    ),
    (
        "Zoom Contact Center, engagements",
        "Engagement ID,Start Time,End Time,Channel,Direction,Queue Name,Consumer Number,Agent Name,Result,Waiting Duration,Talk Duration,Engagement Duration\n\
         zc1,\"Mar 25, 2026 09:00:05 AM\",\"Mar 25, 2026 09:02:20 AM\",Voice,Inbound,sales,+12125550101,Ann Lee,Completed,00:00:12,00:02:03,00:02:15\n\
         zc2,\"Mar 25, 2026 09:10:05 AM\",\"Mar 25, 2026 09:10:45 AM\",Voice,Inbound,sales,+12125550102,,Abandoned,00:00:40,,00:00:40\n",
    ),
    (
        "VICIdial, vicidial_closer_log",
        "closecallid,lead_id,campaign_id,call_date,start_epoch,end_epoch,length_in_sec,status,phone_number,user,queue_seconds,term_reason,uniqueid\n\
         51,7,sales,2026-03-25 09:00:05,1774429205,1774429340,135,SALE,2125550101,6666,12.00,CALLER,1774429205.11\n\
         52,8,sales,2026-03-25 09:10:05,1774429805,1774429845,40,DROP,2125550102,VDCL,40.00,ABANDON,1774429805.12\n",
    ),
    (
        "Issabel in Spanish, with totals below",
        "Nro. Agente;Agente;Fecha Inicio;Cola;Tel\u{e9}fono;Estado;Tiempo de espera;Duraci\u{f3}n\n\
         101;Ann Lee;2026-03-25 09:00:05;ventas;0215550101;Atendida;00:00:12;00:02:03\n\
         ;;2026-03-25 09:10:05;ventas;0215550102;Abandonada;00:00:40;00:00:00\nTotal;;;;;2;00:00:52;00:02:03\n",
    ),
    (
        "STARFACE in German, with months in words",
        "Datum;Uhrzeit;Richtung;Warteschlange;Rufnummer;Benutzer;Ergebnis;Wartezeit;Gespr\u{e4}chsdauer\n\
         25. M\u{e4}rz 2026;09:00:05;eingehend;Vertrieb;0215550101;J\u{f6}rg;angenommen;00:12;02:03\n\
         25. M\u{e4}rz 2026;09:10:05;eingehend;Vertrieb;0215550102;;nicht angenommen;00:40;00:00\n",
    ),
    (
        "Vonage Contact Center, interactions",
        "guid,startTime,serviceName,agentName,clid,direction,outcome,timeInQueueMs,talkTimeMs,holdTimeMs\n\
         v1,2026-03-25T09:00:05Z,sales,Ann Lee,12125550101,Inbound,Answered,12000,123000,0\n\
         v2,2026-03-25T09:10:05Z,sales,,12125550102,Inbound,Abandoned,40000,0,0\n",
    ),
    (
        "Dialpad, contact centre calls in minutes",
        "call_id,direction,date_started,date_connected,date_ended,target_name,operator_name,external_number,talk_minutes,wait_minutes,call_result\n\
         d1,inbound,2026-03-25 09:00:05,2026-03-25 09:00:17,2026-03-25 09:02:20,sales,Ann Lee,+12125550101,2.05,0.2,answered\n\
         d2,inbound,2026-03-25 09:10:05,,2026-03-25 09:10:45,sales,,+12125550102,,0.667,abandoned\n",
    ),
    (
        "Aircall, its API's objects",
        "{\"id\":1,\"direction\":\"inbound\",\"status\":\"done\",\"started_at\":1774429205,\"answered_at\":1774429217,\"ended_at\":1774429340,\"duration\":135,\"user\":{\"name\":\"Ann\"},\"missed_call_reason\":null}\n\
         {\"id\":2,\"direction\":\"inbound\",\"status\":\"done\",\"started_at\":1774429805,\"answered_at\":null,\"ended_at\":1774429845,\"duration\":40,\"user\":null,\"missed_call_reason\":\"short_abandoned\"}\n",
    ),
    (
        "Ringover in French, a total duration",
        "Date;Heure;Type;Sens;Num\u{e9}ro;File;Agent;Attente;Dur\u{e9}e totale\n\
         25 mars 2026;09:00:05;R\u{e9}pondu;Entrant;+33155;SAV;Zo\u{e9};0:12;2:15\n25 mars 2026;09:10:05;Manqu\u{e9};Entrant;+33156;SAV;;0:40;0:40\n",
    ),
    (
        "NICE CXone, completed contacts",
        "contact_id,skill_name,agent_name,start_date,start_time,PreQueue,InQueue,Agent_Time,PostQueue,Total_Time,Abandon_Time,abandon,ACW_Seconds,Hold_Time\n\
         7001,sales,Lee Ann,03/25/2026,09:00:05,0,12,123,0,135,0,N,0,0\n7002,sales,,03/25/2026,09:10:05,0,40,0,0,40,40,Y,0,0\n",
    ),
    (
        "Placetel in German",
        "Datum,Uhrzeit,Anrufer,Angerufener,Status,Klingeldauer,Gespr\u{e4}chsdauer\n\
         25.03.2026,09:00 Uhr,0215550101,Vertrieb,angenommen,12 Sek.,2 Min. 3 Sek.\n25.03.2026,09:10 Uhr,0215550102,Vertrieb,verpasst,40 Sek.,\n",
    ),
    (
        "Webex Contact Center, sessions",
        "Session ID,Contact Start Timestamp,Contact End Timestamp,Queue Name,Agent Name,Channel Type,Termination Type,Queue Duration,Connected Duration,Hold Duration,Wrapup Duration,ANI\n\
         s1,1774429205000,1774429340000,sales,Ann,telephony,normal,12000,123000,0,0,+1212\ns2,1774429805000,1774429845000,sales,,telephony,abandoned,40000,0,0,0,+1213\n",
    ),
    (
        "Yeastar, call reports",
        "Time,Call From,Call To,Call Duration,Ring Duration,Talk Duration,Status,Reason,Queue\n\
         25/03/2026 09:00:05,0215550101,Sales<6700>,00:02:15,00:00:12,00:02:03,ANSWERED,Hung up by callee,Sales\n\
         25/03/2026 09:10:05,0215550102,Sales<6700>,00:00:40,00:00:40,00:00:00,NO ANSWER,Queue timeout,Sales\n",
    ),
    (
        "a system in Spanish, its total in words",
        "Fecha;Hora;Cola;Agente;Resultado;Espera (seg);Duraci\u{f3}n total (seg)\n\
         3 de marzo de 2026;9:00:05;ventas;Ana;Atendida;12;135\n3 de marzo de 2026;9:10:05;ventas;;Abandonada;40;40\nTotal general;;;;;52;175\n",
    ),
    (
        "a program of one's own, instants in milliseconds",
        "callId,startMs,answerMs,endMs,queueId,agentId,result\n1,1774429205000,1774429217000,1774429340000,sales,ann,answered\n\
         2,1774429805000,,1774429845000,sales,,abandoned\n",
    ),
];

#[test]
fn exports_with_durations_are_mapped() {
    for (vendor, table) in EXPORTS {
        eprintln!("{vendor}");
        mapped(table.as_bytes(), &["--utc"], &TWO);
    }
}

#[test]
fn exports_with_instants_or_without_waits_are_mapped() {
    // Cisco Unified Communications Manager: a row of types, instants that are 0 where nothing was.
    let cdr = "\"cdrRecordType\",\"globalCallID_callId\",\"dateTimeOrigination\",\"callingPartyNumber\",\"finalCalledPartyNumber\",\"destCause_value\",\"dateTimeConnect\",\"dateTimeDisconnect\",\"duration\",\"huntPilotDN\"\n\
        INTEGER,INTEGER,INTEGER,VARCHAR(50),VARCHAR(50),INTEGER,INTEGER,INTEGER,INTEGER,VARCHAR(50)\n\
        1,115001,1774429205,\"2125550101\",\"4101\",16,1774429217,1774429340,123,\"5000\"\n\
        1,115002,1774429805,\"2125550102\",\"4102\",0,0,1774429845,0,\"5000\"\n";
    mapped(cdr.as_bytes(), &[], &TWO);
    // Microsoft Teams, a call queue's rows: no word about talk times.
    let teams = "Conference Id,Call Start Time (UTC),Call End Time (UTC),Call Queue Name,Call Queue Call Result,Call Queue Duration Seconds\n\
        a1,2026-03-25T09:00:05Z,2026-03-25T09:00:17Z,sales,agent_joined_conference,12\n\
        a2,2026-03-25T09:10:05Z,2026-03-25T09:10:45Z,sales,abandoned,40\n\
        a3,2026-03-25T09:20:05Z,2026-03-25T09:22:05Z,sales,timed_out,120\n";
    let known = [
        ("offered", 3.0),
        ("answered", 1.0),
        ("abandoned", 1.0),
        ("left", 1.0),
        ("asa", 12.0),
        ("time_to_abandon", 40.0),
    ];
    mapped(teams.as_bytes(), &[], &known);
    // RingCentral's call log: no wait, weekdays, and other calls.
    let log = "Direction,Type,Phone Number,Name,Date,Time,Action,Action Result,Result Description,Duration\n\
        Incoming,Voice,(212) 555-0101,Ben,Wed 03/25/2026,9:00 AM,Phone Call,Accepted,Call connected,0:02:03\n\
        Incoming,Voice,(212) 555-0102,Cat,Wed 03/25/2026,9:10 AM,Phone Call,Missed,The call was missed,0:00:00\n\
        Outgoing,Voice,(212) 555-0103,Dan,Wed 03/25/2026,9:20 AM,VoIP Call,Call connected,Call connected,0:01:00\n";
    mapped(log.as_bytes(), &["--utc"], &[("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("aht", 123.0)]);
    // FreePBX's call detail records: the wait is not in them.
    let cdr = "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,uniqueid\n\
        2026-03-25 09:00:05,\"\"\"Ben\"\" <2125550101>\",2125550101,800,ext-queues,PJSIP/trunk-01,PJSIP/101-02,Queue,\"800,t\",135,123,ANSWERED,1774429205.11\n\
        2026-03-25 09:10:05,\"\"\"Cat\"\" <2125550102>\",2125550102,800,ext-queues,PJSIP/trunk-03,,Queue,\"800,t\",40,0,NO ANSWER,1774429805.12\n";
    mapped(cdr.as_bytes(), &["--utc"], &[("offered", 2.0), ("answered", 1.0), ("abandoned", 1.0), ("aht", 123.0)]);
}

#[test]
fn sums_of_exports_are_taken_as_such() {
    // Avaya CMS with a total below, Talkdesk Explore in milliseconds' manner, NICE CXone in one line a day.
    for table in [
        "Split/Skill,Date,Time,ACD Calls,Avg Speed Ans,Avg ACD Time,Avg ACW Time,Aban Calls,Calls Offered\n\
         Billing,03/25/2026,09:00,25,:12,5:11,:20,5,30\nBilling,03/25/2026,09:30,25,:10,5:10,:20,3,28\nTotals,,,50,:11,5:10,:20,8,58\n",
        "Skill Name,Start Date,Contacts Offered,Contacts Handled,Abandons,Avg Speed of Answer\n\
         Billing,03/25/2026,30,25,5,0:12\nBilling,03/26/2026,28,25,3,0:10\nGrand Total,,58,50,8,0:11\n",
    ] {
        let (_folder, file, _) = crate::tables::written(table.as_bytes(), "");
        let remarks = hold(&[&file], &[("offered", 58.0), ("handled", 50.0), ("abandoned", 8.0), ("asa", 11.0)]);
        assert!(remarks.contains("1 row of totals is left out"), "{remarks}");
    }
}
